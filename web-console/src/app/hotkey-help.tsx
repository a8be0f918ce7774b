import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { writeSetting } from '@/lib/storage'
import { Checkbox, Dialog } from '@/ui'
import { hotkeyStore, KEYS } from './hotkeys'

/** The list of keys, and the switch for those who do not want them. */
export function HotkeyHelp() {
  const { t } = useTexts('app')
  const { isOn, isHelpOpen } = useStore(hotkeyStore)
  return (
    <Dialog title={t('keys.title')} isOpen={isHelpOpen} onClose={() => hotkeyStore.setState({ isHelpOpen: false })} closeLabel={t('common:close')} width="sm">
      <p className="mb-3 text-ink-2">{t('keys.hint')}</p>
      <dl className="mb-4 grid grid-cols-[1fr_auto] gap-y-1.5">
        {(Object.keys(KEYS) as Array<keyof typeof KEYS>).map((name) => (
          <div key={name} className="contents">
            <dt>{t(`keys.${name}`)}</dt>
            <dd>
              <Key text={`Alt+Shift+${KEYS[name]}`} />
            </dd>
          </div>
        ))}
        <dt>{t('keys.help')}</dt>
        <dd>
          <Key text="?" />
        </dd>
      </dl>
      <Checkbox
        isSelected={isOn}
        onChange={(isSelected) => {
          writeSetting('hotkeys', isSelected ? 'on' : 'off')
          hotkeyStore.setState({ isOn: isSelected })
        }}
      >
        {t('keys.enabled')}
      </Checkbox>
    </Dialog>
  )
}

function Key({ text }: { text: string }) {
  return <kbd className="rounded-sm border border-line-strong bg-ground px-1.5 py-0.5 font-sans text-xs">{text}</kbd>
}
