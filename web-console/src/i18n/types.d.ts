// Keys are checked by the compiler against the English files. A new feature adds its line.
import 'i18next'
import type admin from '../features/admin/i18n/en.json'
import type api from '../api/i18n/en.json'
import type app from '../app/i18n/en.json'
import type auth from '../features/auth/i18n/en.json'
import type callbacks from '../features/callbacks/i18n/en.json'
import type calls from '../features/calls/i18n/en.json'
import type customers from '../features/customers/i18n/en.json'
import type desk from '../features/desk/i18n/en.json'
import type dock from '../features/dock/i18n/en.json'
import type liveBoard from '../features/live-board/i18n/en.json'
import type precheck from '../features/precheck/i18n/en.json'
import type reports from '../features/reports/i18n/en.json'
import type tickets from '../features/tickets/i18n/en.json'
import type work from '../features/work/i18n/en.json'
import type wrapup from '../features/wrapup/i18n/en.json'
import type common from './en.json'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    returnNull: false
    resources: {
      common: typeof common
      admin: typeof admin
      api: typeof api
      app: typeof app
      auth: typeof auth
      callbacks: typeof callbacks
      calls: typeof calls
      customers: typeof customers
      desk: typeof desk
      dock: typeof dock
      'live-board': typeof liveBoard
      precheck: typeof precheck
      reports: typeof reports
      tickets: typeof tickets
      work: typeof work
      wrapup: typeof wrapup
    }
  }
}
