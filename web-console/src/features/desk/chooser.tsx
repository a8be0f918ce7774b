// Several customers share this number: the agent asks and chooses. Nothing is guessed.
import { useTexts } from '@/i18n/use-texts'
import { phoneText } from '@/i18n/format'
import { segmentText } from '@/i18n/words'
import { useCommand } from '@/lib/use-command'
import { useIsUp } from '@/lib/use-live'
import type { CallView, CustomerSnapshot } from '@/live/protocol'
import { Badge, Button } from '@/ui'
import { NewCustomerForm } from './newcomer'
import { WhyTheyCall } from './reason'

export function Chooser({ call, matches }: { call: CallView; matches: readonly CustomerSnapshot[] }) {
  const { t } = useTexts('desk')
  const { run, isPending } = useCommand()
  const isUp = useIsUp()
  return (
    <div className="flex h-full flex-col overflow-auto">
      <header className="px-4 pt-3 pb-2">
        <h1 className="text-xl">{t('several.title', { count: matches.length })}</h1>
        <p className="text-ink-2">{t('several.text', { number: call.party.number ? phoneText(call.party.number) : '' })}</p>
      </header>
      <WhyTheyCall call={call} />
      <ul className="divide-y divide-line border-b border-line">
        {matches.map(({ customer, open_tickets: tickets }) => (
          <li key={customer.id} className="flex items-center gap-3 px-4 py-2">
            <div className="min-w-0 flex-1">
              <p className="flex items-center gap-2">
                <span className="truncate font-semibold">{customer.name}</span>
                <Badge>{segmentText(customer.segment)}</Badge>
              </p>
              <p className="truncate text-xs text-ink-2">
                {[customer.organisation, customer.document, customer.emails[0]?.address, t('several.tickets', { count: tickets.length })].filter(Boolean).join(' · ')}
              </p>
            </div>
            <Button
              tone="quiet"
              isDisabled={!isUp || isPending}
              onPress={() => void run({ do: 'choose_customer', call: call.id, customer: customer.id })}
              data-testid={`choose-${customer.id}`}
            >
              {t('several.choose')}
            </Button>
          </li>
        ))}
      </ul>
      <details className="px-4 py-3">
        <summary className="cursor-pointer text-accent-ink">{t('several.nobody')}</summary>
        <div className="mt-3 max-w-md">
          <NewCustomerForm call={call} />
        </div>
      </details>
    </div>
  )
}
