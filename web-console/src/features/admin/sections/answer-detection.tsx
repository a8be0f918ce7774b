// Whether it is found out who answers calls out, by which limits, and what agents may leave on a machine.
import { useQuery } from '@tanstack/react-query'
import { inLanguage, promptsQuery } from '@/api/queries'
import type { Schemas } from '@/api/types'
import { LANGUAGES } from '@/i18n'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Checkbox } from '@/ui'
import { Group, NumberField } from '../form-parts'

type Rules = Schemas['AnswerRules']
type Limits = Schemas['AnswerDetect']

/** What the server goes by where nobody has said anything. */
const USUAL: Limits = { initial_silence_ms_max: 2_500, greeting_ms_max: 1_500, silence_after_greeting_ms: 800, word_ms_min: 100, between_words_ms: 50, words_max: 4, total_ms_max: 5_000, beep_ms_max: 20_000 }
const LIMITS = ['total_ms_max', 'initial_silence_ms_max', 'greeting_ms_max', 'silence_after_greeting_ms', 'words_max', 'word_ms_min', 'between_words_ms', 'beep_ms_max'] as const

export function AnswerDetectionFields({ form }: { form: Form<Schemas['Centre']> }) {
  const { t, i18n } = useTexts('admin')
  const { data: prompts = [] } = useQuery(promptsQuery)
  const rules: Rules = form.values.answer_detection ?? { is_usual: false, limits: USUAL, messages: [] }
  const change = (part: Partial<Rules>) => form.set('answer_detection', { ...rules, ...part })
  const whole = prompts.filter((prompt) => LANGUAGES.every((language) => prompt.languages.includes(language)))
  // One that is here no more, or not in every language, can still be taken off the list.
  const gone = rules.messages.filter((id) => !whole.some((prompt) => prompt.id === id))
  const choices = [...whole.map((prompt) => ({ id: prompt.id, text: inLanguage(prompt.texts, i18n.language) })), ...gone.map((id) => ({ id, text: '' }))]
  const wrong = rules.messages.map((_, index) => form.errorOf(`answer_detection.messages[${index}]`)).find(Boolean) ?? form.errorOf('answer_detection.messages')
  return (
    <Group title={t('answer_detection.title')}>
      <p className="text-xs text-ink-3">{t('answer_detection.about')}</p>
      <Checkbox isSelected={rules.is_usual} onChange={(isUsual) => change({ is_usual: isUsual })} data-testid="field-answer-detection">
        {t('answer_detection.is_usual')}
      </Checkbox>
      <div className="grid grid-cols-2 gap-2">
        {LIMITS.map((limit) => (
          <NumberField key={limit} label={t(`answer_detection.${limit}`)} {...(limit === 'words_max' ? {} : { unit: 'ms' })} value={rules.limits[limit]} onChange={(value) => change({ limits: { ...rules.limits, [limit]: value } })} error={form.errorOf(`answer_detection.limits.${limit}`)} />
        ))}
      </div>
      <fieldset className="flex flex-col gap-1">
        <legend className="text-xs font-medium text-ink-2">{t('answer_detection.messages')}</legend>
        {choices.map(({ id, text }) => (
          <Checkbox key={id} isSelected={rules.messages.includes(id)} onChange={(isOn) => change({ messages: isOn ? [...rules.messages, id] : rules.messages.filter((one) => one !== id) })} data-testid={`field-message-${id}`}>
            {text === '' ? id : text}
          </Checkbox>
        ))}
        {wrong && <p className="text-xs text-bad-ink">{wrong}</p>}
      </fieldset>
    </Group>
  )
}
