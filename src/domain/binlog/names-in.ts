/** Each word of a statement that may be a name, in lower case, without its quotes. */
export const namesIn = (statement: string): string[] =>
  [...statement.matchAll(/`((?:[^`]|``)+)`|[\w$\x80-\xff]+/g)].map(([word, quoted]) =>
    (quoted?.replaceAll('``', '`') ?? word).toLowerCase(),
  )
