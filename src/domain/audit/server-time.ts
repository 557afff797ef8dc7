/**
 * A time as the server writes it into a trail: "2014-03-19 10:00:00.123456", UTC.
 *
 * @returns milliseconds since 1970; what is less is left out
 */
export function msOfServerTime(text: string): number {
  return Date.parse(`${text.slice(0, 23).replace(' ', 'T')}Z`)
}

/** Of milliseconds since 1970; its last three digits are 0. */
export function serverTimeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23).replace('T', ' ')}000`
}
