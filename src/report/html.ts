/** Text for HTML content and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 }
p.note { color: #4a4a4a; margin-top: .25rem }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { padding: .4rem .8rem; border-bottom: 1px solid #c5cdd5; text-align: left; vertical-align: top }
th { background: #dbe7f3 }
.number { text-align: right; font-variant-numeric: tabular-nums }
tfoot td { font-weight: bold; border-bottom: 0 }
@media print { body { margin: 0 } }
`.trim()

/** A page that needs nothing else: no script, no font, no picture from elsewhere. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
${body}
</body>
</html>
`
}
