import type { EngineFamily } from '#domain/engine-family'

/** Engine and version, as the server says: "mariadb 10.11.19". */
export class Flavor {
  readonly family: EngineFamily
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** What VERSION() printed. */
  readonly text: string

  constructor(family: EngineFamily, major: number, minor: number, patch: number, text: string) {
    this.family = family
    this.major = major
    this.minor = minor
    this.patch = patch
    this.text = text
  }

  /** Reads the result of VERSION(), e.g. "10.11.19-MariaDB-0+deb12u1" or "9.7.4". */
  static parse(version: string): Flavor {
    // Replication-safe servers prefix "5.5.5-" to MariaDB's version in the handshake.
    const text = version.replace(/^5\.5\.5-/, '')
    const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(text)
    const [major, minor, patch] = numbers ? numbers.slice(1).map(Number) : []
    const family: EngineFamily = /mariadb/i.test(text) ? 'mariadb' : 'mysql'
    return new Flavor(family, major ?? 0, minor ?? 0, patch ?? 0, text)
  }

  /** True for this family at this version or later. */
  atLeast(family: EngineFamily, major: number, minor = 0): boolean {
    return (
      this.family === family &&
      (this.major > major || (this.major === major && this.minor >= minor))
    )
  }

  toString(): string {
    return `${this.family} ${this.major}.${this.minor}.${this.patch}`
  }
}
