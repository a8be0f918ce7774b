// Keys of things that an administrator makes, and the times that are written by hand.

const KEY_CHARS_MAX = 40

/** A key out of a name: `Atención técnica` becomes `atencion-tecnica`. */
export function keyOfName(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, KEY_CHARS_MAX)
}

export function isKey(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,39}$/.test(text)
}

/** `15 min`, `4 h`, `1 h 30 min`, `90 s`: a target as one writes it. Days are left out: a day of open time has no fixed length. */
export function targetText(secs: number | null | undefined): string {
  if (secs === null || secs === undefined) return ''
  const hours = Math.floor(secs / 3600)
  const minutes = Math.floor(secs / 60) % 60
  const rest = secs % 60
  return [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : '', rest > 0 || secs === 0 ? `${rest} s` : ''].filter(Boolean).join(' ')
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, min: 60, m: 60, s: 1 }

/** The seconds that a written target means; `null` for none, `undefined` when it cannot be read. A bare number is minutes. */
export function readTarget(text: string): number | null | undefined {
  const plain = text.trim().toLowerCase()
  if (plain === '') return null
  if (/^\d{1,6}$/.test(plain)) return Number(plain) * 60
  if (!/^(\d{1,6}\s*(h|min|m|s)\s*)+$/.test(plain)) return undefined
  let secs = 0
  for (const [, amount, unit] of plain.matchAll(/(\d{1,6})\s*(h|min|m|s)/g)) secs += Number(amount) * (UNITS[unit ?? ''] ?? 0)
  return secs
}

/** A number without what people write between its digits. */
export function plainNumber(text: string): string {
  return text.replaceAll(/[\s()./-]/g, '')
}

/** What stands on each line of a text, as it is typed. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n')
}

export type Windows = Array<[string, string]>

/** `09:00–14:00, 16:00–19:00`. */
export function windowsText(windows: ReadonlyArray<readonly [string, string]>): string {
  return windows.map(([open, close]) => `${open}–${close}`).join(', ')
}

/** Opening times as one writes them: `9-14, 16:00–19:30`. `undefined` when they cannot be read; none is closed. */
export function readWindows(text: string): Windows | undefined {
  const windows: Windows = []
  for (const part of text.split(/[,;]/)) {
    if (part.trim() === '') continue
    const found = /^\s*(\d{1,2})(?::?([0-5]\d))?\s*(?:-|–|—|a|to)\s*(\d{1,2})(?::?([0-5]\d))?\s*$/i.exec(part)
    if (!found) return undefined
    const [, openHour = '', openMinute = '00', closeHour = '', closeMinute = '00'] = found
    const open = Number(openHour) * 60 + Number(openMinute)
    const close = Number(closeHour) * 60 + Number(closeMinute)
    // Past midnight the hours go on counting: `21:00–26:00`.
    if (open >= 24 * 60 || close <= open || close > 48 * 60) return undefined
    windows.push([`${openHour.padStart(2, '0')}:${openMinute}`, `${closeHour.padStart(2, '0')}:${closeMinute}`])
  }
  return windows
}

/** A password that can be read aloud: no letters that look like others. */
export function makePassword(random: (values: Uint32Array<ArrayBuffer>) => Uint32Array): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  const text = [...random(new Uint32Array(16))].map((value) => letters[value % letters.length]).join('')
  return text.replaceAll(/(.{4})(?=.)/g, '$1-')
}
