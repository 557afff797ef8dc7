/**
 * Commands that can be made to ask for the operator's own code (policies/totp.yaml). A test holds
 * this list against the commands that do ask.
 */
export const OPERATOR_COMMANDS = [
  ...(['restore', 'backup expire', 'key rotate', 'offboard', 'grant'] as const),
  ...([
    'access apply',
    'access adopt',
    'access break-glass',
    'policy apply',
    'harden fix',
  ] as const),
  ...(['audit erase', 'audit prune', 'audit uninstall'] as const),
  ...(['user enroll', 'user recovery', 'user passwd', 'user unlock'] as const),
] as const

export type OperatorCommand = (typeof OPERATOR_COMMANDS)[number]

/** Who must say a code before which commands; nothing, unless the policy says so. */
export interface OperatorPolicy {
  commands: readonly OperatorCommand[]
  /** Whose code counts; empty: of anybody who is enrolled. */
  people: readonly string[]
}
