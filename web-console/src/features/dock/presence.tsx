// Whether calls come: ready, paused with a reason, off shift. During a call the choice is for afterwards, and says so.
import { useQuery } from '@tanstack/react-query'
import { ChevronDown } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import { Button as AriaButton } from 'react-aria-components'
import { agentsQuery, inLanguage, pauseReasonsQuery } from '@/api/queries'
import { presenceText } from '@/i18n/words'
import { useFloor, useIsUp } from '@/lib/use-live'
import type { Presence, WantedPresence } from '@/live/protocol'
import { phone } from '@/phone/softphone'
import { Dot, Elapsed, Menu, type BadgeTone } from '@/ui'
import { choosePresence, isEngaged } from './actions'
import { useEffect } from 'react'

export const PRESENCE_TONES: Record<Presence['state'], BadgeTone> = {
  offline: 'neutral',
  ready: 'good',
  paused: 'warn',
  offered: 'accent',
  busy: 'accent',
  wrapping_up: 'accent',
}

export function PresenceControl() {
  const { t, i18n } = useTexts('dock')
  const agent = useFloor((floor) => floor.agent)
  const isUp = useIsUp()
  const { data: reasons = [] } = useQuery(pauseReasonsQuery)
  const { data: profiles } = useQuery(agentsQuery)
  const hasOwnPhone = profiles?.find((profile) => profile.id === agent?.id)?.device === 'sip'
  useEffect(() => phone.setOwnPhone(hasOwnPhone), [hasOwnPhone])
  if (!agent) return null

  const { presence } = agent
  const choose = (wanted: WantedPresence) => void choosePresence(wanted)
  const next = agent.next ? presenceText(agent.next, reasons, i18n.language) : null
  return (
    <Menu
      label={t('presence.label')}
      trigger={
        <AriaButton
          isDisabled={!isUp}
          data-testid="presence"
          data-state={presence.state}
          className="flex h-10 w-48 shrink-0 cursor-pointer items-center gap-2 rounded-md border border-line-strong bg-surface px-2.5 text-left hover:bg-hover disabled:cursor-not-allowed disabled:opacity-60"
        >
          <Dot tone={PRESENCE_TONES[presence.state]} />
          <span className="min-w-0 flex-1 leading-tight">
            <span className="block truncate font-semibold">{presenceText(presence, reasons, i18n.language)}</span>
            <span className="block truncate text-xs text-ink-3">{next !== null ? t('presence.then', { next }) : presence.state === 'offline' ? t('presence.start') : <Elapsed since={agent.since} />}</span>
          </span>
          <ChevronDown size={15} aria-hidden className="shrink-0 text-ink-3" />
        </AriaButton>
      }
      parts={[
        {
          title: isEngaged(presence) ? t('presence.after') : t('presence.now'),
          entries: [
            { text: t('common:presence.ready'), dot: 'good', onAction: () => choose({ state: 'ready' }), testId: 'presence-ready' },
            ...reasons.map(({ id, names }) => ({ text: inLanguage(names, i18n.language), dot: 'warn' as const, onAction: () => choose({ state: 'paused', reason: id }), testId: `presence-paused-${id}` })),
            { text: t('common:presence.offline'), dot: 'neutral', onAction: () => choose({ state: 'offline' }), testId: 'presence-offline' },
          ],
        },
        { title: t('presence.sound'), entries: [{ text: t('presence.check'), href: '/check' }] },
      ]}
    />
  )
}
