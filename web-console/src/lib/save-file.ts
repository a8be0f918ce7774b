/** Hands a text to the browser as a file to keep. */
export function saveFile(name: string, text: string, type: string): void {
  // Spreadsheets recognise UTF-8 by its mark.
  const mark = text.startsWith('\uFEFF') ? '' : '\uFEFF'
  const address = URL.createObjectURL(new Blob([mark, text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
