/** Names that need quoting somewhere, and a number that makes each its own. */
const FLAVOURS: readonly ((name: string) => string)[] = [
  name => name,
  name => name.toUpperCase(),
  name => `${name} with spaces`,
  name => `${name}\`tick`,
  name => `${name}'quote`,
  name => `${name}"double`,
  name => `${name}\\back`,
  name => `${name}.dot`,
  name => `${name}/slash`,
  name => `${name}%_like`,
  name => `${name};-- /* */`,
  name => `表${name}é`,
  name => `${name},(`,
  name => `select ${name}`,
  name => `${name}$@#`,
  name => `${name}\ttab`,
  name => `${name}\nline`,
  name => `${name}${'x'.repeat(40)}`,
]

export function oddName(stem: string, flavour: number): string {
  return FLAVOURS[flavour % FLAVOURS.length]?.(stem) ?? stem
}

export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
