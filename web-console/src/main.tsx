import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { I18nProvider, RouterProvider as AriaRouterProvider } from 'react-aria-components'
import { useTranslation } from 'react-i18next'
import { createQueryClient } from './app/query-client'
import { createAppRouter } from './app/router'
import { localeOf } from './i18n/format'
import { preloadLanguages, startI18n } from './i18n'
import { showTheme } from './lib/theme'
import './styles.css'

const queryClient = createQueryClient()
const router = createAppRouter(queryClient)

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function App() {
  const { i18n } = useTranslation()
  return (
    <I18nProvider locale={localeOf(i18n.language)}>
      <QueryClientProvider client={queryClient}>
        {/* Links inside menus go through the same router: a page load would end a call's audio for a second. */}
        <AriaRouterProvider navigate={(href) => void router.navigate({ href })}>
          <RouterProvider router={router} />
        </AriaRouterProvider>
      </QueryClientProvider>
    </I18nProvider>
  )
}

async function start(): Promise<void> {
  showTheme()
  await startI18n()
  preloadLanguages()
  const root = document.getElementById('root')
  if (root)
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    )
}

void start()
