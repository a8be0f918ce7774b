import { useTexts } from '@/i18n/use-texts'
import { isTrunkBad, useTrunkText } from '@/lib/trunk-text'
import { cx } from '@/ui'
import { useBoardList, useBoardTrunk } from './use-board'

/** The lines to carriers: which of them work, and how many calls they carry. */
export function TrunksStrip() {
  const { t } = useTexts('live-board')
  const ids = useBoardList('trunks')
  if (ids.length === 0) return null
  return (
    <ul aria-label={t('trunks.title')} className="flex shrink-0 flex-wrap gap-x-5 gap-y-1 border-b border-line px-4 py-1.5 text-xs">
      {ids.map((id) => (
        <Trunk key={id} id={id} />
      ))}
    </ul>
  )
}

function Trunk({ id }: { id: string }) {
  const { t } = useTexts('live-board')
  const trunk = useBoardTrunk(id)
  const text = useTrunkText()
  if (!trunk) return null
  const isBad = isTrunkBad(trunk)
  const state = text.state(trunk)
  return (
    <li data-testid={`board-trunk-${id}`} className={cx('flex items-baseline gap-1.5', isBad ? 'font-semibold text-bad-ink' : 'text-ink-2')} title={text.since(trunk)}>
      <span>
        {isBad ? '▲ ' : ''}
        {trunk.name}
      </span>
      {state !== '' && <span>{state}</span>}
      <span className="tabular-nums">{t('trunks.calls', { calls: trunk.calls, most: trunk.calls_max })}</span>
    </li>
  )
}
