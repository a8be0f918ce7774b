// Keys are checked by the compiler against the English files. A new feature adds its line.
import 'i18next'
import type app from '../app/i18n/en.json'
import type auth from '../features/auth/i18n/en.json'
import type desk from '../features/desk/i18n/en.json'
import type dock from '../features/dock/i18n/en.json'
import type liveBoard from '../features/live-board/i18n/en.json'
import type precheck from '../features/precheck/i18n/en.json'
import type wrapup from '../features/wrapup/i18n/en.json'
import type common from './en.json'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    returnNull: false
    resources: {
      common: typeof common
      app: typeof app
      auth: typeof auth
      desk: typeof desk
      dock: typeof dock
      'live-board': typeof liveBoard
      precheck: typeof precheck
      wrapup: typeof wrapup
    }
  }
}
