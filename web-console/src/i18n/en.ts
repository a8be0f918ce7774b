// All texts of this language, by namespace: the folder that they lie in.
const files = import.meta.glob<object>(['./en.json', '../api/i18n/en.json', '../app/i18n/en.json', '../features/*/i18n/en.json', '!../features/web-phone/**'], {
  eager: true,
  import: 'default',
})

const bundle: Record<string, object> = {}
for (const [path, texts] of Object.entries(files)) bundle[namespaceOf(path)] = texts

/** `./en.json` is `common`; `../features/desk/i18n/en.json` is `desk`. */
function namespaceOf(path: string): string {
  return /([^/]+)\/i18n\/[a-z]+\.json$/.exec(path)?.[1] ?? 'common'
}

export default bundle
