import { Phone } from 'lucide-react'
import { useState } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { phoneText } from '@/i18n/format'
import { Button, cx } from '@/ui'
import { isFreeToDial } from './call-end'
import { placeCall } from './place-call'
import { useFloor, useIsUp } from './use-live'

/** Click-to-call: a number that dials itself, the agent's side first. */
export function CallButton({ number, customer, className }: { number: string; customer: string | null; className?: string }) {
  const { t } = useTexts('desk')
  const [isPending, setPending] = useState(false)
  const isUp = useIsUp()
  const isAgent = useFloor((floor) => floor.agent !== null)
  const isBusy = !useFloor((floor) => isFreeToDial(floor.calls))
  const text = phoneText(number)
  // In a call there is nothing to dial: the number stays readable, the button goes.
  if (!isAgent || isBusy) {
    return (
      <span className={cx('inline-flex items-center gap-2 tabular-nums', className)}>
        <Phone size={15} aria-hidden className="text-ink-3" />
        {text}
      </span>
    )
  }
  const dial = async () => {
    setPending(true)
    await placeCall(number, customer)
    setPending(false)
  }
  return (
    <Button
      size="sm"
      tone="plain"
      icon={Phone}
      isDisabled={!isUp || isPending}
      onPress={() => void dial()}
      aria-label={t('common:call_number', { number: text })}
      className={cx('tabular-nums', className)}
    >
      {text}
    </Button>
  )
}
