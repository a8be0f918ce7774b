// Sentences of the server for this user, as toasts. Each is said once.
import { useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { callAgain } from '@/lib/call-again'
import { canCallAgain, isNews } from '@/lib/call-end'
import { becomeReady } from '@/lib/shift'
import { useFloor } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import { dismissNotice } from '@/live/stores/floor'
import { ringOnce } from '@/phone/ringer'
import { closeToast, showToast } from '@/ui'

export function useNotices(): void {
  const { t } = useTexts('app')
  const navigate = useNavigate()
  const names = useNames()
  const state = useFloor((floor) => floor.agent?.presence.state)
  const missed = useRef<number | null>(null)
  const path = useRouterState({ select: (router) => router.location.pathname })
  const isDesk = useRef(false)
  useEffect(() => {
    isDesk.current = path.startsWith('/desk')
  }, [path])
  const notices = useFloor((floor) => floor.notices)
  useEffect(() => {
    const opener = (href: string) => () => void navigate({ href })
    for (const notice of notices) {
      dismissNotice(notice.id)
      switch (notice.key) {
        case 'missed_offer':
          // The desk says so itself, with the same way back.
          if (isDesk.current) break
          missed.current = showToast({
            tone: 'bad',
            text: t('notice.missed_offer'),
            action: { label: t('notice.missed_back'), run: () => void becomeReady() },
          })
          break
        case 'sla_breached':
          showToast(
            notice.ticket
              ? {
                  tone: 'bad',
                  text: t('notice.sla_breached_of', { number: notice.ticket.number, subject: notice.ticket.subject }),
                  action: { label: t('notice.open_ticket'), run: opener(`/tickets/${notice.ticket.id}`) },
                }
              : { tone: 'bad', text: t('notice.sla_breached'), action: { label: t('notice.open_tickets'), run: opener('/tickets') } },
          )
          break
        case 'hold_long':
          ringOnce()
          showToast({ tone: 'info', text: t('notice.hold_long') })
          break
        case 'hold_recalled':
        case 'hold_returned':
          showToast({ tone: 'bad', text: t(`notice.${notice.key}`) })
          break
        case 'supervisor_paused':
        case 'session_replaced':
        case 'device_lost':
        case 'call_cut_off':
        case 'consult_failed':
        case 'callback_not_dialled':
        case 'work_item_returned':
        case 'consult_over':
        case 'party_left':
        case 'call_taken_over':
        case 'recording_failed':
        case 'recording_resumed':
        case 'headset_gone':
          showToast({ tone: 'info', text: t(`notice.${notice.key}`) })
          break
        case 'wrap_up_overdue':
          showToast({ tone: 'info', text: t('notice.wrap_up_overdue', { name: names.agent(notice.agent ?? '') }), action: { label: t('notice.open_live'), run: opener('/live') } })
          break
        case 'parked':
          showToast({ tone: 'info', text: t('notice.parked', { number: notice.number }) })
          break
        case 'caller_gone':
          showToast({ tone: 'info', text: t('notice.caller_gone') })
          break
        case 'call_over': {
          const { cause, call } = notice
          if (!cause || !isNews(cause)) break
          const retry = call && canCallAgain(call) ? { action: { label: t('common:call_again'), run: () => void callAgain(call) } } : {}
          showToast({ tone: 'bad', text: t(`common:end_cause.${cause}`), ...retry })
          break
        }
        default:
          break
      }
    }
  }, [notices, t, navigate, names])
  // Back on shift, the reason why one was off it is no news any more.
  useEffect(() => {
    if (state !== 'paused' && missed.current !== null) {
      closeToast(missed.current)
      missed.current = null
    }
  }, [state])
}
