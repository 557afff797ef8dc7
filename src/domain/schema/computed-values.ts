/**
 * A generated column, or a key over an expression, in the keywords of what SHOW CREATE TABLE printed. A part of a key that
 * is an expression stands in parentheses of its own, which need not be the first.
 */
export const COMPUTED_VALUES = / GENERATED ALWAYS AS \(|\bKEY (?: ?)?\((?:[^\n]*,)?\(/
