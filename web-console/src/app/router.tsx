// Every address of the console. Pages come lazily, except what an agent needs to answer a call.
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, parseSearchWith, redirect, stringifySearchWith } from '@tanstack/react-router'
import { isSupervisor, sessionQuery, type Session } from '@/api/session'
import { LoginPage } from '@/features/auth/login-page'
import { readAdminSearch } from '@/features/admin/search'
import { readCallbackSearch } from '@/features/callbacks/search'
import { readWorkSearch } from '@/features/work/search'
import { readCallSearch } from '@/features/calls/search'
import { readCustomerSearch } from '@/features/customers/search'
import { readContactSearch, readPromisedSearch, readReportSearch } from '@/features/reports/search'
import { readTicketSearch } from '@/features/tickets/search'
import { textParam, withoutEmpty } from '@/lib/search-params'
import { FailedPage, NotFoundPage } from './error-pages'
import { Shell } from './shell'

interface RouterContext {
  queryClient: QueryClient
}

const root = createRootRouteWithContext<RouterContext>()({ errorComponent: FailedPage })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { to?: string; ended?: true } => ({
    ...(isInnerPath(search.to) ? { to: search.to } : {}),
    ...(String(search.ended) === 'true' ? { ended: true } : {}),
  }),
  beforeLoad: async ({ context, search }) => {
    // A server that cannot be reached is said by the form, when it is sent.
    const session = await context.queryClient.ensureQueryData(sessionQuery).catch(() => null)
    if (session) throw redirect({ to: search.to ?? '/' })
  },
  component: LoginPage,
})

/** Whose session it is; without one the sign-in page comes first and leads back. */
async function requireSession({ context, location }: { context: RouterContext; location: { pathname: string; href: string } }): Promise<{ session: Session }> {
  const session = await context.queryClient.ensureQueryData(sessionQuery)
  if (!session) throw redirect({ to: '/login', search: location.pathname === '/' ? {} : { to: location.href } })
  return { session }
}

/** Everything behind the sign-in. The dock lives in the shell, so that no change of page touches a call. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: requireSession,
  component: Shell,
})

/** The board alone, for a television. */
const tv = createRoute({
  getParentRoute: () => root,
  path: '/board',
  beforeLoad: requireSession,
  component: lazyRouteComponent(() => import('@/features/live-board/tv-page'), 'TvPage'),
})

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: ({ context }) => {
    const { role, agent } = context.session
    throw redirect({ to: isSupervisor(role) ? '/live' : agent != null ? '/desk' : '/check' })
  },
})

const desk = createRoute({
  getParentRoute: () => shell,
  path: '/desk',
  component: lazyRouteComponent(() => import('./desk'), 'Desk'),
})

const deskCall = createRoute({
  getParentRoute: () => shell,
  path: '/desk/call/$callId',
  component: lazyRouteComponent(() => import('./desk'), 'Desk'),
})

const check = createRoute({
  getParentRoute: () => shell,
  path: '/check',
  component: lazyRouteComponent(() => import('@/features/precheck/check-page'), 'CheckPage'),
})

const liveBoard = createRoute({
  getParentRoute: () => shell,
  path: '/live',
  component: lazyRouteComponent(() => import('@/features/live-board/live-page'), 'LivePage'),
})

const customers = createRoute({
  getParentRoute: () => shell,
  path: '/customers',
  validateSearch: readCustomerSearch,
  component: lazyRouteComponent(() => import('@/features/customers/list-page'), 'CustomersPage'),
})

const newCustomer = createRoute({
  getParentRoute: () => shell,
  path: '/customers/new',
  validateSearch: (search: Record<string, unknown>): { name?: string; phone?: string; email?: string } =>
    withoutEmpty({ name: textParam(search.name), phone: textParam(search.phone), email: textParam(search.email) }),
  component: lazyRouteComponent(() => import('@/features/customers/form-page'), 'NewCustomerPage'),
})

const importCustomers = createRoute({
  getParentRoute: () => shell,
  path: '/customers/import',
  component: lazyRouteComponent(() => import('@/features/customers/import-page'), 'ImportPage'),
})

const customer = createRoute({
  getParentRoute: () => shell,
  path: '/customers/$id',
  component: lazyRouteComponent(() => import('@/features/customers/record-page'), 'CustomerPage'),
})

const editCustomer = createRoute({
  getParentRoute: () => shell,
  path: '/customers/$id/edit',
  component: lazyRouteComponent(() => import('@/features/customers/form-page'), 'EditCustomerPage'),
})

const tickets = createRoute({
  getParentRoute: () => shell,
  path: '/tickets',
  validateSearch: readTicketSearch,
  component: lazyRouteComponent(() => import('@/features/tickets/list-page'), 'TicketsPage'),
})

const newTicket = createRoute({
  getParentRoute: () => shell,
  path: '/tickets/new',
  validateSearch: (search: Record<string, unknown>): { customer?: string } => withoutEmpty({ customer: textParam(search.customer) }),
  component: lazyRouteComponent(() => import('@/features/tickets/new-page'), 'NewTicketPage'),
})

const ticket = createRoute({
  getParentRoute: () => shell,
  path: '/tickets/$id',
  component: lazyRouteComponent(() => import('@/features/tickets/ticket-page'), 'TicketPage'),
})

const callbacks = createRoute({
  getParentRoute: () => shell,
  path: '/callbacks',
  validateSearch: readCallbackSearch,
  component: lazyRouteComponent(() => import('@/features/callbacks/callbacks-page'), 'CallbacksPage'),
})

const work = createRoute({
  getParentRoute: () => shell,
  path: '/work',
  validateSearch: readWorkSearch,
  component: lazyRouteComponent(() => import('@/features/work/work-page'), 'WorkPage'),
})

const calls = createRoute({
  getParentRoute: () => shell,
  path: '/calls',
  validateSearch: readCallSearch,
  component: lazyRouteComponent(() => import('@/features/calls/list-page'), 'CallsPage'),
})

const call = createRoute({
  getParentRoute: () => shell,
  path: '/calls/$id',
  component: lazyRouteComponent(() => import('@/features/calls/call-page'), 'CallPage'),
})

const reports = createRoute({
  getParentRoute: () => shell,
  path: '/reports',
  validateSearch: readReportSearch,
  component: lazyRouteComponent(() => import('@/features/reports/reports-page'), 'ReportsPage'),
})

const contacts = createRoute({
  getParentRoute: () => shell,
  path: '/reports/contacts',
  validateSearch: readContactSearch,
  component: lazyRouteComponent(() => import('@/features/reports/contacts-page'), 'ContactsPage'),
})

const promised = createRoute({
  getParentRoute: () => shell,
  path: '/reports/promised',
  validateSearch: readPromisedSearch,
  component: lazyRouteComponent(() => import('@/features/reports/promised-page'), 'PromisedPage'),
})

const admin = createRoute({
  getParentRoute: () => shell,
  path: '/admin',
  beforeLoad: () => {
    throw redirect({ to: '/admin/$section', params: { section: 'users' } })
  },
})

const adminSection = createRoute({
  getParentRoute: () => shell,
  path: '/admin/$section',
  validateSearch: readAdminSearch,
  component: lazyRouteComponent(() => import('@/features/admin/admin-page'), 'AdminPage'),
})

/** Every other address: said within the frame, so that the way back is at hand and a call goes on. */
const unknown = createRoute({
  getParentRoute: () => shell,
  path: '$',
  component: NotFoundPage,
})

const routeTree = root.addChildren([
  login,
  tv,
  shell.addChildren([home, desk, deskCall, check, liveBoard, customers, newCustomer, importCustomers, customer, editCustomer, tickets, newTicket, ticket, calls, call, callbacks, work, reports, contacts, promised, admin, adminSection, unknown]),
])

/** Only addresses of this console: a foreign one must not be reachable through the sign-in page. */
function isInnerPath(path: unknown): path is string {
  return typeof path === 'string' && /^\/(?![/\\])/.test(path)
}

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPendingMs: 300,
    // A page that breaks leaves the frame with the dock as it is.
    defaultErrorComponent: FailedPage,
    scrollRestoration: true,
    // Plain text in the address: a number that is searched for must not become a number of the language.
    parseSearch: parseSearchWith((text) => text),
    stringifySearch: stringifySearchWith(String),
  })
}
