import { useTexts } from '@/i18n/use-texts'
import { ANSWER_LOOKS } from '@/lib/answer-looks'
import { Badge } from '@/ui'
import type { Answer } from './search'

/** Who has answered a call of ours, by icon, word and colour. */
export function AnswerBadge({ answer }: { answer: Answer }) {
  const { t } = useTexts('calls')
  const { tone, icon } = ANSWER_LOOKS[answer]
  return (
    <span className="inline-flex max-w-full" data-testid="answer" data-answer={answer}>
      <Badge tone={tone} icon={icon}>
        {t(`answer.${answer}`)}
      </Badge>
    </span>
  )
}

/** The same where there is room for the icon alone. */
export function AnswerMark({ answer }: { answer: Answer }) {
  const { t } = useTexts('calls')
  const Icon = ANSWER_LOOKS[answer].icon
  const text = `${t('field.answer')}: ${t(`answer.${answer}`)}`
  return (
    <span title={text} className="inline-flex shrink-0 text-ink-2" data-testid="answer" data-answer={answer}>
      <Icon size={14} aria-label={text} />
    </span>
  )
}
