// The parked calls: who waits in which slot, since when, who parked it. Any agent takes one.
import { useTranslation } from 'react-i18next'
import { useCommand } from '@/lib/use-command'
import { useFloor, useIsUp } from '@/lib/use-live'
import { usePartyName } from '@/lib/use-party-name'
import type { ParkedCall } from '@/live/protocol'
import { Button, Countdown, Elapsed } from '@/ui'

export function ParkedList({ onTaken }: { onTaken?: () => void }) {
  const { t } = useTranslation()
  const parked = useFloor((floor) => floor.parked)
  if (parked.length === 0) return <p className="p-3 text-ink-2">{t('parked.none')}</p>
  return (
    <ul aria-label={t('parked.title')} className="divide-y divide-line" data-testid="parked-list">
      {parked.map((one) => (
        <ParkedRow key={one.call} parked={one} onTaken={onTaken} />
      ))}
    </ul>
  )
}

function ParkedRow({ parked, onTaken }: { parked: ParkedCall; onTaken: (() => void) | undefined }) {
  const { t } = useTranslation()
  const isUp = useIsUp()
  // As the server has it: on shift or paused, and on nothing else.
  const isFree = useFloor((floor) => floor.agent?.presence.state === 'ready' || floor.agent?.presence.state === 'paused')
  const by = useFloor((floor) => (parked.by === floor.user ? floor.agent?.name : floor.colleagues.get(parked.by)?.name)) ?? parked.by
  const name = usePartyName(parked)
  const { run, isPending } = useCommand()
  const take = async () => {
    if (await run({ do: 'take_parked', call: parked.call })) onTaken?.()
  }
  return (
    <li className="flex min-h-12 items-center gap-3 px-3 py-1.5" data-testid={`parked-${parked.slot}`}>
      <span className="w-12 shrink-0 font-mono text-sm font-semibold">{parked.number}</span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{name}</span>
        <span className="block truncate text-xs text-ink-2">
          <Elapsed since={parked.since} /> · {t('parked.by', { agent: by })} · {t('parked.returns')} <Countdown until={parked.until} />
        </span>
      </span>
      <Button size="sm" tone="accent" isDisabled={!isUp || !isFree || isPending} onPress={() => void take()} aria-label={t('parked.take_of', { name, number: parked.number })} data-testid={`take-parked-${parked.slot}`}>
        <span title={isFree ? undefined : t('parked.busy')}>{t('parked.take')}</span>
      </Button>
    </li>
  )
}
