// Small settings of this browser. Storage may be forbidden or full; then a setting lasts as long as the page.
const PREFIX = 'centralita.'

export function readSetting(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key)
  } catch {
    return null
  }
}

export function writeSetting(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key)
    else localStorage.setItem(PREFIX + key, value)
  } catch {
    // See above.
  }
}
