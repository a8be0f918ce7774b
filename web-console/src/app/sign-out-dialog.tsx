// Signing out in the middle of a call leaves a caller behind: the way out is after it.
import { choosePresence, isOnCall } from '@/features/dock/actions'
import { useTexts } from '@/i18n/use-texts'
import { useFloor } from '@/lib/use-live'
import { usePartyName } from '@/lib/use-party-name'
import { foremostCall } from '@/live/stores/floor'
import { Button, Dialog } from '@/ui'

export function SignOutDialog({ onClose, onSignOut }: { onClose: () => void; onSignOut: () => void }) {
  const { t } = useTexts('app')
  const call = useFloor((floor) => foremostCall(floor.calls))
  const name = usePartyName(call)
  const isOffered = call?.state.is === 'offered'
  const isLive = isOffered || isOnCall(call)
  const kind = !call ? 'over' : isLive ? 'call' : 'wrap_up'
  return (
    <Dialog
      title={t(`sign_out.${kind}_title`)}
      isOpen
      onClose={onClose}
      closeLabel={t('common:close')}
      width="sm"
      footer={
        <>
          <Button onPress={onClose}>{t('sign_out.stay')}</Button>
          {!isLive && (
            <Button
              tone={call ? 'quiet' : 'accent'}
              onPress={() => {
                onClose()
                onSignOut()
              }}
              data-testid="sign-out-now"
            >
              {t('sign_out.now')}
            </Button>
          )}
          {call && (
            <Button
              tone="accent"
              onPress={() => {
                onClose()
                void choosePresence({ state: 'offline' })
              }}
              data-testid="off-shift-after"
            >
              {t('sign_out.after')}
            </Button>
          )}
        </>
      }
    >
      <p className="text-ink-2">{t(`sign_out.${kind}`, { name })}</p>
    </Dialog>
  )
}
