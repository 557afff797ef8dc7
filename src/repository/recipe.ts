/** RESTORE.md, as it is written into every repository. */
export function recipeText(): string {
  return '# Restoring without ecomdb\n'
}
