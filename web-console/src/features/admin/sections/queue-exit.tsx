// Where a queue sends callers who cannot or will not wait any longer.
import { useQuery } from '@tanstack/react-query'
import { inLanguage, linesQuery, promptsQuery } from '@/api/queries'
import type { Queue, Schemas } from '@/api/types'
import { LANGUAGE_NAMES, LANGUAGES } from '@/i18n'
import { useTexts } from '@/i18n/use-texts'
import { Select } from '@/ui'
import { NumberField } from '../form-parts'

export type Exit = Schemas['QueueExit']
export type ExitField = 'on_no_agents' | 'on_max_wait' | 'on_full' | 'on_closed' | 'on_expected_wait'

/** The shared recordings made for each case; another one is proposed where a centre has none of that name. */
const PROMPTS: Readonly<Record<ExitField, string>> = { on_no_agents: 'no-agents', on_max_wait: 'long-wait', on_full: 'queue-full', on_closed: 'queue-closed', on_expected_wait: 'long-wait' }
/** What asks for a message, unless another is chosen. */
const GREETING = 'leave-message'
export const EXITS = ['on_no_agents', 'on_max_wait', 'on_full', 'on_closed'] as const

export function exitMistake(exit: Exit, t: ReturnType<typeof useTexts<'admin'>>['t']): string | undefined {
  if (exit.then === 'queue' && exit.queue === '') return t('queues.choose_queue')
  if (exit.then === 'line' && exit.line === '') return t('common:error.required')
  if ((exit.then === 'message' || exit.then === 'voicemail') && exit.prompt.trim() === '') return t('common:error.required')
  if (exit.then === 'voicemail' && !(exit.secs_max >= 10 && exit.secs_max <= 600)) return t('range', { least: 10, most: 600 })
  return undefined
}

/** What the recording says, in the console's language, so that nobody has to know it by its key. */
function PromptField({ prompt, onChange, error }: { prompt: string; onChange: (prompt: string) => void; error: string | undefined }) {
  const { t, i18n } = useTexts('admin')
  const { data: prompts = [], isSuccess } = useQuery(promptsQuery)
  // A queue may still name a recording that is here no more.
  const isGone = isSuccess && prompt !== '' && !prompts.some((one) => one.id === prompt)
  const choices = prompts.map((one) => {
    const silentIn = LANGUAGES.filter((language) => !one.languages.includes(language))
    const detail = silentIn.length > 0 ? t('queues.prompt_silent', { languages: silentIn.map((language) => LANGUAGE_NAMES[language]).join(', ') }) : inLanguage(one.texts, i18n.language)
    return { id: one.id, label: one.id, detail, isDisabled: silentIn.length > 0 }
  })
  return (
    <Select
      label={t('queues.prompt')}
      choices={isGone ? [{ id: prompt, label: t('queues.prompt_gone', { prompt }), isDisabled: true }, ...choices] : choices}
      value={prompt === '' ? null : prompt}
      onChange={onChange}
      placeholder={t('choose')}
      error={error ?? (isGone ? t('queues.prompt_gone_help') : undefined)}
      data-testid="field-prompt"
    />
  )
}

export function ExitFields({ field, exit, queues, onChange, error }: { field: ExitField; exit: Exit; queues: readonly Queue[]; onChange: (exit: Exit) => void; error: string | undefined }) {
  const { t, i18n } = useTexts('admin')
  const { data: prompts = [] } = useQuery(promptsQuery)
  const { data: lines = [] } = useQuery(linesQuery)
  const proposed = prompts.some((one) => one.id === PROMPTS[field]) ? PROMPTS[field] : ''
  // Nobody can wait in a queue that is full or closed.
  const ways = (field === 'on_full' || field === 'on_closed' ? ['message', 'queue', 'line', 'callback', 'voicemail'] : ['wait', 'message', 'queue', 'line', 'callback', 'voicemail']) as ReadonlyArray<Exit['then']>
  const start = (then: Exit['then']): Exit => {
    switch (then) {
      case 'message':
        return { then, prompt: proposed }
      case 'queue':
        return { then, queue: queues[0]?.id ?? '' }
      case 'line':
        return { then, line: lines[0]?.id ?? '' }
      case 'voicemail':
        return { then, prompt: prompts.some((one) => one.id === GREETING) ? GREETING : '', secs_max: 180 }
      case 'wait':
      case 'callback':
        return { then }
    }
  }
  const needsMore = exit.then === 'message' || exit.then === 'queue' || exit.then === 'line' || exit.then === 'voicemail'
  return (
    <div className="grid grid-cols-2 gap-2">
      <Select label={t(`queues.${field}`)} choices={ways.map((id) => ({ id, label: t(`queues.exit.${id}`) }))} value={exit.then} onChange={(id) => onChange(start(ways.find((way) => way === id) ?? 'callback'))} error={needsMore ? undefined : error} data-testid={`field-${field}`} />
      {exit.then === 'message' && <PromptField prompt={exit.prompt} onChange={(prompt) => onChange({ then: 'message', prompt })} error={error} />}
      {exit.then === 'voicemail' && (
        <>
          <PromptField prompt={exit.prompt} onChange={(prompt) => onChange({ ...exit, prompt })} error={error} />
          <NumberField label={t('queues.voicemail_secs')} unit="s" value={exit.secs_max} onChange={(secs_max) => onChange({ ...exit, secs_max })} data-testid={`field-${field}-secs`} />
        </>
      )}
      {exit.then === 'queue' && <Select label={t('field.queue')} choices={queues.map((queue) => ({ id: queue.id, label: queue.name }))} value={exit.queue === '' ? null : exit.queue} onChange={(queue) => onChange({ then: 'queue', queue })} error={error} />}
      {exit.then === 'line' && <Select label={t('field.line')} choices={lines.map((line) => ({ id: line.id, label: inLanguage(line.names, i18n.language) || line.id }))} value={exit.line === '' ? null : exit.line} onChange={(line) => onChange({ then: 'line', line })} error={error} />}
    </div>
  )
}
