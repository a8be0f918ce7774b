// After a talk: another one is agreed.
import { useRouteContext } from '@tanstack/react-router'
import { PhoneForwarded } from 'lucide-react'
import { useState } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { useNames } from '@/lib/use-names'
import type { CallView } from '@/live/protocol'
import { Button } from '@/ui'
import { CallbackDialog } from './callback-dialog'

/** Nothing where there is no number to call, or no queue calls back. */
export function AgreeCallback({ call }: { call: CallView }) {
  const { t } = useTexts('callbacks')
  const { session } = useRouteContext({ from: '/shell' })
  const names = useNames()
  const [isOpen, setOpen] = useState(false)
  const callingBack = names.queues.filter((queue) => (queue.callback?.mode ?? 'task') !== 'task')
  if (!call.party.number || callingBack.length === 0) return null
  const queue = callingBack.find((one) => one.id === call.queue)?.id
  const about = { number: call.party.number, call: call.id, ...(queue ? { queue } : {}), ...(call.party.customer ? { customer: call.party.customer } : {}) }
  return (
    <div className="pt-2">
      <Button size="sm" icon={PhoneForwarded} onPress={() => setOpen(true)} data-testid="agree-callback">
        {t('agree')}
      </Button>
      {isOpen && <CallbackDialog callback={null} session={session} about={about} onClose={() => setOpen(false)} />}
    </div>
  )
}
