import { boolean, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, policyFrom, targetFlags } from '#cli/flags'
import { scheduleContext, shopStatusOptions } from '#cli/schedule-wiring'
import { checkOutput, writeOutput } from '#cli/write-output'
import { EXIT } from '#core/errors'
import { type ShopStatus, STATUS_EXIT } from '#domain/status/shop-status'
import { shopStatusHtml, shopStatusPrometheus, shopStatusText } from '#report/shop-status'
import { lookOrTell, notifyStatus, readShopStatus } from '#workflow/status/shop-status'

export default class Status extends BaseCommand {
  static override summary = 'is the shop safe: one screen, one exit status'

  static override description =
    'The last proven restore; RTO and RPO against the objectives of the recovery policy; 3-2-1-1-0; how far the archived binary log goes; disks that are away; keys; the schedule, and whether it still runs. It reads signed files and the state of this host. With --server, which is the default where `seal` or `access` is among the jobs of this host, it also runs `ecomdb audit status`, `ecomdb access grants`, `ecomdb access drift` and `ecomdb harden check`. Exit status 14 when an objective is missed, else 3 when something needs a look. With --notify it tells those whom `notify` of ecomdb.yaml names, once for each problem.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --html status.html --prometheus ecomdb.prom',
    '<%= config.bin %> <%= command.id %> --server --notify',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.OBJECTIVE_MISSED]

  static override flags = {
    html: string({ helpValue: 'FILE', summary: 'write it as a page, too' }),
    prometheus: string({
      helpValue: 'FILE',
      summary: "and for node_exporter's textfile collector",
    }),
    server: boolean({
      allowNo: true,
      summary: 'ask the server as well: audit seal, grants, drift, hardening',
    }),
    notify: boolean({ summary: 'tell of what is new and of what is over' }),
    ...targetFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Status)
    const config = await configFrom(flags)
    const schedule = scheduleContext(config, await policyFrom(config))
    const look = async (): Promise<ShopStatus> => {
      await checkOutput(flags.html, '--html')
      return await readShopStatus(await shopStatusOptions(schedule, flags.server ?? null))
    }
    const warn = (text: string): void => this.progress.warn(text)
    const status = flags.notify ? await lookOrTell(schedule, look, warn) : await look()
    let told: Awaited<ReturnType<typeof notifyStatus>> | null = null
    try {
      await writePages(status, flags)
    } finally {
      if (flags.notify) told = await notifyStatus(schedule, status)
    }
    for (const failure of told?.failed ?? []) warn(failure)
    const result = { ...status, ...(told ? { told } : {}) }
    return { result, text: shopStatusText(status), status: STATUS_EXIT[status.state] }
  }
}

async function writePages(
  status: ShopStatus,
  { html, prometheus }: { html?: string | undefined; prometheus?: string | undefined },
): Promise<void> {
  if (html) await writeOutput(html, shopStatusHtml(status), '--html')
  if (prometheus) await writeOutput(prometheus, shopStatusPrometheus(status), '--prometheus')
}
