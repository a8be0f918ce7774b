// All texts of this language, by namespace: the folder that they lie in.
const files = import.meta.glob<object>(['./es.json', '../api/i18n/es.json', '../app/i18n/es.json', '../features/*/i18n/es.json', '!../features/web-phone/**'], {
  eager: true,
  import: 'default',
})

const bundle: Record<string, object> = {}
for (const [path, texts] of Object.entries(files)) bundle[namespaceOf(path)] = texts

/** `./es.json` is `common`; `../features/desk/i18n/es.json` is `desk`. */
function namespaceOf(path: string): string {
  return /([^/]+)\/i18n\/[a-z]+\.json$/.exec(path)?.[1] ?? 'common'
}

export default bundle
