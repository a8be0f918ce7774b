// The frame: rail on the left, dock on top, page in the middle, status line below. Nothing of it moves when a call arrives.
import { Outlet, useRouteContext, useRouter } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { signOut } from '@/api/session'
import { Dock } from '@/features/dock/dock'
import { WorkStrip } from '@/features/work/work-strip'
import { changeLanguage, isLanguage } from '@/i18n'
import { readSetting } from '@/lib/storage'
import { useSessionWatch } from '@/lib/use-session-watch'
import { live } from '@/live/console'
import { phone } from '@/phone/softphone'
import { ToastRegion } from '@/ui'
import { useAlertNotices } from './alert-notices'
import { useBroadcastNotices } from './broadcast-notices'
import { useHotkeys } from './hotkeys'
import { useKeptFocus } from './kept-focus'
import { useNotices } from './notices'
import { askToSignOut, Overlays } from './overlays'
import { Rail } from './rail'
import { StatusBar } from './status-bar'
import { useTitle } from './title'

export function Shell() {
  const { t } = useTexts('app')
  const { session } = useRouteContext({ from: '/shell' })
  const client = useQueryClient()
  const router = useRouter()
  const lookAgain = useSessionWatch()
  const hasAgent = session.agent != null

  useEffect(() => {
    // The door stayed shut: either the server is away, or the session has ended. The next look at the session tells.
    live.attach(lookAgain)
    phone.attach(hasAgent)
    return () => {
      phone.detach()
      live.detach()
    }
  }, [lookAgain, hasAgent])

  useEffect(() => {
    // The account's language, until this browser has a choice of its own.
    if (readSetting('language') === null && isLanguage(session.language)) void changeLanguage(session.language)
  }, [session.language])

  useEffect(() => {
    // A second greeting ends an interruption: lists may have missed what the facts since then do not tell.
    let isGreeted = false
    return live.onMessage((message) => {
      if (message.t !== 'hello') return
      if (isGreeted) void client.invalidateQueries()
      isGreeted = true
    })
  }, [client])

  const leave = async () => {
    phone.stop()
    if (hasAgent) await live.command({ do: 'set_presence', wanted: { state: 'offline' } })
    await signOut(client)
    await router.invalidate()
  }

  return (
    <div className="grid h-full grid-cols-[auto_minmax(0,1fr)] grid-rows-[auto_minmax(0,1fr)_auto]">
      <a href="#page" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-2">
        {t('skip')}
      </a>
      <Rail session={session} onSignOut={() => askToSignOut(() => void leave())} />
      <div className="min-w-0">
        <Dock />
        <WorkStrip />
      </div>
      <main id="page" tabIndex={-1} className="min-h-0 min-w-0 overflow-hidden outline-none">
        <Outlet />
      </main>
      <StatusBar />
      <Ears />
      <Overlays session={session} onSignOut={() => void leave()} />
      <ToastRegion label={t('toasts')} closeLabel={t('common:close')} closeAllLabel={t('close_all')} />
    </div>
  )
}

/** What listens all the time and shows nothing; apart from the frame, which need not be painted with every second of a title. */
function Ears() {
  useTitle()
  useHotkeys()
  useNotices()
  useAlertNotices()
  useBroadcastNotices()
  useKeptFocus()
  return null
}
