import { X509Certificate } from 'node:crypto'
import { checkServerIdentity } from 'node:tls'
import { expect, test } from 'vitest'
import { makeAuthority } from '#crypto/certificate'

const from = new Date('2026-11-27T10:00:00Z')
const until = new Date('2061-01-02T03:04:05Z')

// That a server and OpenSSL take them: test/integration/workflow/harden/certificates.test.ts.
test('a chain that Node reads, checks and finds the names in', () => {
  const authority = makeAuthority('an authority', from, until)
  const names = ['localhost', '127.0.0.1', '::1', 'db.example.com', '2001:db8::a:0:1']
  const issued = authority.issue({ commonName: 'a server é', use: 'server', names, from, until })
  const ca = new X509Certificate(authority.certificate)
  const leaf = new X509Certificate(issued.certificate)
  expect(ca.ca && ca.verify(ca.publicKey) && ca.checkIssued(ca)).toBe(true)
  expect(leaf.verify(ca.publicKey) && leaf.checkIssued(ca)).toBe(true)
  expect(leaf.ca).toBe(false)
  expect(leaf.subject).toBe('CN=a server é')
  expect(leaf.issuer).toBe('CN=an authority')
  expect([leaf.validFromDate, leaf.validToDate]).toEqual([from, until])
  // serverAuth
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  expect(leaf.checkHost('db.example.com')).toBe('db.example.com')
  for (const address of ['127.0.0.1', '::1', '2001:db8::a:0:1']) {
    expect(leaf.checkIP(address), address).toBe(address)
  }
  expect(leaf.checkHost('other.example.com')).toBeUndefined()
  expect(checkServerIdentity('10.0.0.1', leaf.toLegacyObject())).toBeInstanceOf(Error)
})

test('another authority did not issue it, and no two serial numbers are equal', () => {
  const authority = makeAuthority('a', from, until)
  const other = new X509Certificate(makeAuthority('a', from, until).certificate)
  const request = { commonName: 'c', use: 'client', names: [], from, until } as const
  const made = [1, 2].map(() => new X509Certificate(authority.issue(request).certificate))
  expect(made[0]?.verify(other.publicKey)).toBe(false)
  expect(made[0]?.subjectAltName).toBeUndefined()
  expect(made[0]?.serialNumber).not.toBe(made[1]?.serialNumber)
})
