// Tab title, favicon and system notification: what an agent in another window sees of the desk.
import { useEffect } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { clockText } from '@/i18n/format'
import { useNames } from '@/lib/use-names'
import { usePartyName } from '@/lib/use-party-name'
import { useFloor, useNow } from '@/lib/use-live'
import { foremostCall } from '@/live/stores/floor'

export function useTitle(): void {
  const { t } = useTexts('app')
  const call = useFloor((floor) => foremostCall(floor.calls))
  const centre = useFloor((floor) => floor.centreName)
  const name = usePartyName(call)
  const names = useNames()
  const now = useNow()
  const isRinging = call?.state.is === 'offered'

  let title = centre === '' ? 'Centralita' : `${centre} · Centralita`
  if (call) {
    if (isRinging) title = t('title.ringing', { name })
    else if (call.state.is === 'wrapping_up')
      title = t('title.wrap_up', { time: call.state.until ? clockText(Date.parse(call.state.until) - now) : clockText(now - Date.parse(call.since)) })
    else title = t('title.talking', { time: clockText(now - Date.parse(call.connected_at ?? call.since)), name })
  }
  useEffect(() => {
    document.title = title
  }, [title])

  useEffect(() => {
    const icon = document.getElementById('favicon')
    icon?.setAttribute('href', isRinging ? '/favicon-ringing.svg' : '/favicon.svg')
  }, [isRinging])

  const callId = call?.id
  const queue = names.queue(call?.queue)
  useEffect(() => {
    if (!isRinging || typeof Notification === 'undefined' || Notification.permission !== 'granted') return
    let shown: Notification | undefined
    // Also for those who go to another window while it rings.
    const notify = () => {
      if (!document.hidden || shown) return
      shown = new Notification(t('notification.title'), { body: [name, queue].filter(Boolean).join(' · '), tag: `call-${callId}`, silent: true, requireInteraction: true })
      shown.onclick = () => {
        window.focus()
        shown?.close()
      }
    }
    notify()
    document.addEventListener('visibilitychange', notify)
    return () => {
      document.removeEventListener('visibilitychange', notify)
      shown?.close()
    }
  }, [isRinging, callId, name, queue, t])
}
