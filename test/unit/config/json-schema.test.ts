import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { auditJsonSchema, loadAuditPolicy } from '#config/audit-policy-file'
import { configGuideMarkdown } from '#config/config-guide'
import { hardenJsonSchema, loadHardenPolicy } from '#config/harden-policy-file'
import { loadPasswordPolicy, passwordJsonSchema } from '#config/password-policy-file'
import { loadRecoveryPolicy, recoveryJsonSchema } from '#config/recovery-policy-file'
import { configJsonSchema } from '#config/schema'
import { loadTotpPolicy, totpJsonSchema } from '#config/totp-policy-file'
import { packageRoot } from '#core/paths'
import { jobsOfHost } from '#domain/schedule/job'
import { withFolder } from '#test/temporary'

// `npm run generate` writes it anew.
test('policies/ecomdb.schema.json is what the schema says', async () => {
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`
  const file = join(packageRoot(), 'policies/ecomdb.schema.json')
  await expect(text).toMatchFileSnapshot(file)
})

test('policies/recovery.schema.json is what the schema says, and recovery.yaml keeps to it', async () => {
  const text = `${JSON.stringify(recoveryJsonSchema(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(join(packageRoot(), 'policies/recovery.schema.json'))
  const policy = await loadRecoveryPolicy({})
  expect(policy.retention).toMatchObject({
    last: 7,
    hourly: 0,
    daily: 14,
    yearly: 3,
    proof: 'verify',
  })
  expect(policy.objectives.rpoMs).toBe(26 * 3_600_000)
})

test('a scheduled physical backup is told where MySQL clones to', async () => {
  await withFolder(async folder => {
    const recoveryPolicyFile = join(folder, 'recovery.yaml')
    const write = (place: string) =>
      writeFile(
        recoveryPolicyFile,
        `schedule: { physical: { at: "30 3 * * sun", clone_folder: ${place} } }\n`,
      )
    await write('/var/lib/mysql-clone')
    const { schedule, runsOn } = await loadRecoveryPolicy({ recoveryPolicyFile })
    const [job] = jobsOfHost(schedule, runsOn, { host: 'all', copies: [] })
    expect(job?.argv).toEqual(['backup', 'physical', '--clone-folder', '/var/lib/mysql-clone'])
    await write('clones')
    await expect(loadRecoveryPolicy({ recoveryPolicyFile })).rejects.toThrow()
  })
})

test('the schemas of password.yaml and totp.yaml are what the code says, and ours keep to them', async () => {
  const schemas = { password: passwordJsonSchema(), totp: totpJsonSchema() }
  for (const [name, schema] of Object.entries(schemas)) {
    const text = `${JSON.stringify(schema, null, 2)}\n`
    await expect(text).toMatchFileSnapshot(join(packageRoot(), `policies/${name}.schema.json`))
  }
  const requires = { digit: true, upper: true, lower: true, special: true }
  const lengths = { minLength: 12, maxRepeat: 1, maxRun: 2, minScore: 3 }
  expect(await loadPasswordPolicy({})).toMatchObject({ requires, ...lengths })
  expect((await loadTotpPolicy({})).session).toEqual({ lastsMs: 30 * 60_000, connections: 2 })
})

test('policies/harden.schema.json is what the schema says, and harden.yaml keeps to it', async () => {
  const text = `${JSON.stringify(hardenJsonSchema(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(join(packageRoot(), 'policies/harden.schema.json'))
  expect(await loadHardenPolicy({})).toMatchObject({
    administrators: ['root@localhost', 'ecomdb_admin@localhost'],
    idleSeconds: 900,
    passwordLength: 12,
    waivers: [],
  })
})

test('a waiver without a reason or an end is a mistake', async () => {
  await withFolder(async folder => {
    const file = join(folder, 'harden.yaml')
    await writeFile(file, 'waivers:\n  - check: H07\n    until: never\n')
    const why = [
      `${file}:2:5: waivers.0.reason: expected text, got nothing`,
      `${file}:3:12: waivers.0.until: expected`,
    ]
    const refused = await loadHardenPolicy({ hardenPolicyFile: file }).catch(error => error)
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID' })
    for (const line of why) expect(refused.why).toContain(line.split(': ').slice(1).join(': '))
  })
})

test('policies/audit.schema.json is what the schema says, and audit.yaml keeps to it', async () => {
  const text = `${JSON.stringify(auditJsonSchema(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(join(packageRoot(), 'policies/audit.schema.json'))
  expect(await loadAuditPolicy()).toMatchObject({
    tables: ['users', 'support_members', 'chat_sessions', 'chat_messages'],
    writers: [
      { user: 'chat_service', host: '%', tables: null },
      { user: 'ecomdb_loader', operations: ['insert', 'update'] },
    ],
    seal: { everyMs: 5_000, maxEvents: 50_000 },
    keepMs: null,
  })
})

test('a mistake in a recovery.yaml is told with its place', async () => {
  await withFolder(async folder => {
    const file = join(folder, 'recovery.yaml')
    await writeFile(file, 'retention:\n  dayly: 3\n  wait: soon\n')
    await expect(loadRecoveryPolicy({ recoveryPolicyFile: file })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      why: [
        `${file}:2:3: retention.dayly: unknown key; did you mean "daily"?`,
        `${file}:3:9: retention.wait: expected a length of time like 36h or 8d, got "soon"`,
      ].join('\n'),
    })
  })
})

test('docs/configuration.md is what the schema says', async () => {
  const file = join(packageRoot(), 'docs/configuration.md')
  await expect(configGuideMarkdown()).toMatchFileSnapshot(file)
})
