declare module 'zxcvbn/lib/frequency_lists.js' {
  const lists: { passwords: string | string[]; english_wikipedia: string | string[] }
  export default lists
}
