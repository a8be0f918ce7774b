// Another try at a number that was not reached.
import { Phone } from 'lucide-react'
import { useState } from 'react'
import { useTexts } from '@/i18n/use-texts'
import type { CallView } from '@/live/protocol'
import { Button } from '@/ui'
import { callAgain } from './call-again'
import { canCallAgain } from './call-end'
import { useIsUp } from './use-live'

export function CallAgainButton({ call, testId }: { call: CallView; testId: string }) {
  const { t } = useTexts('app')
  const isUp = useIsUp()
  const [isPending, setPending] = useState(false)
  if (!canCallAgain(call)) return null
  const run = async () => {
    setPending(true)
    await callAgain(call)
    setPending(false)
  }
  return (
    <Button tone="accent" size="sm" icon={Phone} isDisabled={!isUp || isPending} onPress={() => void run()} data-testid={testId}>
      {t('common:call_again')}
    </Button>
  )
}
