// What a queue does otherwise for customers of a segment: the queue that they wait in, and what agents read with them.
import type { Queue, Schemas } from '@/api/types'
import { LANGUAGE_NAMES, LANGUAGES } from '@/i18n'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Select, TextArea } from '@/ui'
import { useEntries } from '../directory'
import { Group } from '../form-parts'

type Rules = Required<Schemas['SegmentRules']>

const SEGMENTS = ['gold', 'silver', 'standard'] as const
/** A select wants a key. */
const THIS = '*'

export function ScriptFields({ value, onChange, errorOf, rows = 4 }: { value: Record<string, string>; onChange: (script: Record<string, string>) => void; errorOf: (language: string) => string | undefined; rows?: number }) {
  const { t } = useTexts('admin')
  return LANGUAGES.map((language) => (
    <TextArea
      key={language}
      label={LANGUAGE_NAMES[language]}
      value={value[language] ?? ''}
      onChange={(text) => onChange({ ...value, [language]: text })}
      rows={rows}
      maxLength={10_000}
      placeholder={t('queues.script_help')}
      error={errorOf(language)}
    />
  ))
}

export function QueueSegmentFields({ form }: { form: Form<Queue> }) {
  const { t } = useTexts('admin')
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const all = form.values.segments ?? {}
  const others = queues.filter((queue) => queue.id !== form.values.id)
  return SEGMENTS.map((segment) => {
    const rules: Rules = { queue: null, script: {}, ...all[segment] }
    const set = (part: Partial<Rules>) => form.set('segments', { ...all, [segment]: { ...rules, ...part } })
    return (
      <Group key={segment} title={t('queue_segments.title', { segment: t(`common:segment.${segment}`) })}>
        <Select
          label={t('queue_segments.queue')}
          choices={[{ id: THIS, label: t('queue_segments.this') }, ...others.map((queue) => ({ id: queue.id as string, label: queue.name }))]}
          value={rules.queue ?? THIS}
          onChange={(id) => set({ queue: id === THIS ? null : id })}
          error={form.errorOf(`segments.${segment}.queue`)}
          data-testid={`field-segment-queue-${segment}`}
        />
        <ScriptFields value={rules.script} onChange={(script) => set({ script })} errorOf={(language) => form.errorOf(`segments.${segment}.script.${language}`)} rows={2} />
      </Group>
    )
  })
}
