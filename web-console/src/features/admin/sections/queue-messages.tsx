// What a queue plays and says to those who wait: its music, and messages of its own.
import { useQuery } from '@tanstack/react-query'
import { musicQuery, promptsQuery } from '@/api/queries'
import type { Queue, Schemas } from '@/api/types'
import { LANGUAGES } from '@/i18n'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Select } from '@/ui'
import { Group, NumberField } from '../form-parts'
import { Rows } from '../rows'
import { waitingOf } from './queue-waiting'

type Message = Schemas['WaitingMessage']

/** A select wants a key. */
const OF_CENTRE = '*'
const MESSAGES_MAX = 10

/** What is out of its bounds, before the server is asked. */
export function messageMistakes(queue: Queue, range: (value: number, least: number, most: number) => string | undefined, required: string): Record<string, string | undefined> {
  const mistakes = waitingOf(queue).messages.flatMap((message, index) => [
    [`waiting.messages[${index}].prompt`, message.prompt === '' ? required : undefined],
    [`waiting.messages[${index}].after_secs`, range(message.after_secs ?? 0, 0, 3_600)],
    [`waiting.messages[${index}].every_secs`, message.every_secs ? range(message.every_secs, 15, 3_600) : undefined],
  ])
  return Object.fromEntries(mistakes)
}

export function QueueMessageFields({ form }: { form: Form<Queue> }) {
  const { t } = useTexts('admin')
  const { data: music = [] } = useQuery(musicQuery)
  const { data: prompts = [] } = useQuery(promptsQuery)
  const waiting = waitingOf(form.values)
  const change = (part: Partial<typeof waiting>) => form.set('waiting', { ...waiting, ...part })
  const own = waiting.music ?? null
  // A queue may still name music that is here no more.
  const names = own !== null && !music.includes(own) ? [own, ...music] : music
  const spoken = prompts.filter((prompt) => LANGUAGES.every((language) => prompt.languages.includes(language)))
  return (
    <Group title={t('queue_messages.title')}>
      <Select
        label={t('queue_messages.music')}
        choices={[{ id: OF_CENTRE, label: t('queue_messages.music_of_centre') }, ...names.map((id) => ({ id, label: id }))]}
        value={own ?? OF_CENTRE}
        onChange={(id) => change({ music: id === OF_CENTRE ? null : id })}
        error={form.errorOf('waiting.music')}
        data-testid="field-music"
      />
      <p className="-mt-2 text-xs text-ink-3">{t('queue_messages.music_help')}</p>
      <Rows<Message>
        title={t('queue_messages.messages')}
        help={t('queue_messages.help')}
        rows={waiting.messages}
        onChange={(messages) => change({ messages })}
        blank={() => ({ prompt: spoken[0]?.id ?? '', after_secs: 0, every_secs: 0 })}
        addText={t('queue_messages.add')}
        canAdd={waiting.messages.length < MESSAGES_MAX}
        error={form.errorOf('waiting.messages')}
        data-testid="rows-waiting-messages"
      >
        {(message, set, index) => (
          <div className="grid min-w-0 flex-1 grid-cols-[2fr_1fr_1fr] items-end gap-2">
            <Select
              label={t('queues.prompt')}
              choices={(spoken.some((prompt) => prompt.id === message.prompt) || message.prompt === '' ? spoken.map((prompt) => prompt.id) : [message.prompt, ...spoken.map((prompt) => prompt.id)]).map((id) => ({ id, label: id }))}
              value={message.prompt === '' ? null : message.prompt}
              onChange={(prompt) => set({ ...message, prompt })}
              placeholder={t('choose')}
              error={form.errorOf(`waiting.messages[${index}].prompt`)}
            />
            <NumberField label={t('queue_messages.after_secs')} unit="s" value={message.after_secs ?? 0} onChange={(after_secs) => set({ ...message, after_secs })} error={form.errorOf(`waiting.messages[${index}].after_secs`)} />
            <NumberField label={t('queue_messages.every_secs')} unit="s" value={message.every_secs ?? 0} onChange={(every_secs) => set({ ...message, every_secs })} error={form.errorOf(`waiting.messages[${index}].every_secs`)} />
          </div>
        )}
      </Rows>
    </Group>
  )
}
