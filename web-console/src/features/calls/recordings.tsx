// The recordings of a call: how they stand, the player, legal hold and deletion. The sound is asked for by hand, since who listens is
// written down.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { Download, Headphones, Lock, LockOpen, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import type { CallDetails, RecordingEntry } from '@/api/records'
import { clockText, dateTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { useNames } from '@/lib/use-names'
import { Badge, Button, ButtonLink, Section, TextField } from '@/ui'
import { RecordingPlayer } from './recording-player'

export function RecordingsSection({ call }: { call: CallDetails }) {
  const { t } = useTexts('calls')
  const { session } = useRouteContext({ from: '/shell' })
  // Agents ask for the recordings of calls that have one; the centre's rules say whether they may hear them.
  const wasRecorded = call.events.some((record) => record.area === 'call' && record.event.kind === 'recording_started')
  const query = useQuery({
    queryKey: ['calls', call.id, 'recordings'],
    queryFn: ({ signal }) => api.get<{ items: RecordingEntry[] }>(`/calls/${call.id}/recordings`, {}, signal),
    enabled: wasRecorded,
    retry: false,
    refetchInterval: call.outcome === 'open' ? 3_000 : false,
  })
  const mayHearAll = session.permissions.includes('hear_recordings')
  if (!wasRecorded || (query.isError && !mayHearAll)) return null
  return (
    <Section title={t('recordings.title')} className="border-b border-line px-4 pt-2 pb-4">
      {query.isError && <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.items.map((entry) => <Entry key={entry.id} entry={entry} mayKeep={session.permissions.includes('keep_recordings')} user={session.user} />)}
    </Section>
  )
}

function Entry({ entry, mayKeep, user }: { entry: RecordingEntry; mayKeep: boolean; user: string }) {
  const { t, i18n } = useTexts('calls')
  const names = useNames()
  const [isOpen, setOpen] = useState(false)
  if (entry.deleted_at) {
    const when = dateTimeText(entry.deleted_at, i18n.language)
    return <p className="text-ink-2">{entry.deleted_by ? t('recordings.deleted', { when, who: names.agent(entry.deleted_by) }) : t('recordings.expired', { when })}</p>
  }
  const isAudible = entry.length_ms > 0
  return (
    <div className="flex flex-col gap-2" data-testid="recording-entry">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-semibold">{clockText(entry.length_ms)}</span>
        {entry.parts.map((part) => (
          <Badge key={part.part} tone={part.state === 'complete' && !part.is_incomplete ? 'neutral' : part.state === 'running' ? 'good' : 'warn'}>
            {entry.parts.length > 1 ? `${t('recordings.part', { part: part.part })}: ${t(`recordings.state.${part.state}`)}` : t(`recordings.state.${part.state}`)}
            {part.is_incomplete && `, ${t('recordings.incomplete')}`}
          </Badge>
        ))}
        {entry.holds.length === 0 && <span className="text-xs text-ink-3">{t('recordings.kept_until', { when: dateTimeText(entry.keep_until, i18n.language) })}</span>}
        {entry.holds.map((hold) => (
          <span key={hold.by} className="text-xs text-ink-3">
            {t('recordings.held', { who: names.agent(hold.by), reason: hold.reason })}
          </span>
        ))}
      </div>
      {isAudible && !isOpen && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Button size="sm" icon={Headphones} onPress={() => setOpen(true)} data-testid="recording-open">
            {t('recordings.open')}
          </Button>
          <p className="text-xs text-ink-3">{t('recordings.audited')}</p>
        </div>
      )}
      {isAudible && isOpen && <RecordingPlayer entry={entry} />}
      <div className="flex flex-wrap items-end gap-2">
        {isAudible && isOpen && (
          <ButtonLink size="sm" href={`/api/v1/recordings/${entry.id}/audio?download=true`} download={`recording-${entry.id}.wav`} icon={Download} data-testid="recording-download">
            {t('recordings.download')}
          </ButtonLink>
        )}
        {mayKeep && <Keeping entry={entry} user={user} />}
      </div>
    </div>
  )
}

/** Legal holds, one for each person, and deletion. Both ask once more before they are done. */
function Keeping({ entry, user }: { entry: RecordingEntry; user: string }) {
  const { t } = useTexts('calls')
  const names = useNames()
  const client = useQueryClient()
  const [asked, setAsked] = useState<'hold' | 'delete' | null>(null)
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<unknown>(null)
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work()
      setProblem(null)
      setAsked(null)
    } catch (fault) {
      setProblem(fault)
    }
    await client.invalidateQueries({ queryKey: ['calls', entry.call, 'recordings'] })
  }
  const path = `/recordings/${entry.id}` as const
  return (
    <>
      {entry.holds.map((hold) => (
        <Button key={hold.by} size="sm" icon={LockOpen} onPress={() => void act(() => api.delete(`${path}/hold?by=${encodeURIComponent(hold.by)}`))} data-testid="recording-release">
          {entry.holds.length > 1 ? `${t('recordings.release')} (${names.agent(hold.by)})` : t('recordings.release')}
        </Button>
      ))}
      {entry.holds.some((hold) => hold.by === user) ? null : asked === 'hold' ? (
        <form
          className="flex items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            void act(() => api.put(`${path}/hold`, { reason }))
          }}
        >
          <TextField label={t('recordings.hold_reason')} value={reason} onChange={setReason} maxLength={500} isRequired autoFocus data-testid="recording-hold-reason" />
          <Button type="submit" size="sm" icon={Lock} isDisabled={reason.trim() === ''}>
            {t('recordings.hold_put')}
          </Button>
        </form>
      ) : (
        <Button size="sm" icon={Lock} onPress={() => setAsked('hold')} data-testid="recording-hold">
          {t('recordings.hold')}
        </Button>
      )}
      {entry.holds.length === 0 &&
        (asked === 'delete' ? (
          <span className="flex items-center gap-2" role="alert">
            <span className="text-sm">{t('recordings.delete_sure')}</span>
            <Button size="sm" tone="danger" icon={Trash2} onPress={() => void act(() => api.delete(path))} data-testid="recording-delete-yes">
              {t('recordings.delete_yes')}
            </Button>
            <Button size="sm" tone="plain" onPress={() => setAsked(null)}>
              {t('common:cancel')}
            </Button>
          </span>
        ) : (
          <Button size="sm" tone="plain" icon={Trash2} onPress={() => setAsked('delete')} data-testid="recording-delete">
            {t('recordings.delete')}
          </Button>
        ))}
      {problem !== null && <LoadProblem problem={problem as Error} onRetry={() => setProblem(null)} />}
    </>
  )
}
