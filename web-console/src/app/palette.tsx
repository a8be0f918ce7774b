// One field for everything: where to go, whom or what to look for, what to do. Opened by its keys or from the rail.
import { Search } from 'lucide-react'
import { useState } from 'react'
import { Autocomplete, Dialog as AriaDialog, Input, Menu as AriaMenu, Modal, ModalOverlay, TextField } from 'react-aria-components'
import { problemText } from '@/api/problem-text'
import type { Session } from '@/api/session'
import { useTexts } from '@/i18n/use-texts'
import { MenuItem, MenuSection } from '@/ui'
import { dialable, matching } from './match'
import { useDoings } from './palette-doings'
import type { Entry } from './palette-entry'
import { useHits } from './palette-hits'
import { usePlaces } from './palette-places'

interface Group {
  key: 'go' | 'do' | 'customers' | 'tickets' | 'calls' | 'dial'
  entries: readonly Entry[]
}

export function Palette({ session, onClose, onSignOut }: { session: Session; onClose: () => void; onSignOut: () => void }) {
  const { t } = useTexts('app')
  return (
    <ModalOverlay isOpen onOpenChange={(isOpen) => !isOpen && onClose()} isDismissable className="fixed inset-0 z-30 flex items-start justify-center bg-shade p-4 pt-[12vh]">
      <Modal className="w-full max-w-xl rounded-lg bg-raised shadow-pop outline-none">
        <AriaDialog aria-label={t('palette.title')} className="outline-none" data-testid="palette">
          <Finder session={session} onClose={onClose} onSignOut={onSignOut} />
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

function Finder({ session, onClose, onSignOut }: { session: Session; onClose: () => void; onSignOut: () => void }) {
  const { t } = useTexts('app')
  const [text, setText] = useState('')
  const places = usePlaces(session)
  const doings = useDoings(onSignOut)
  const hits = useHits(text.trim())
  const isBlank = text.trim() === ''
  const number = dialable(text)
  // What comes late comes last, so that nothing moves under the choice; a call is offered when it is clear who else it may be.
  const groups: readonly Group[] = [
    { key: 'go', entries: isBlank ? places.main : matching([...places.main, ...places.further], text) },
    { key: 'do', entries: matching(doings.always, text) },
    { key: 'customers', entries: hits.customers },
    { key: 'tickets', entries: hits.tickets },
    { key: 'calls', entries: hits.calls },
    { key: 'dial', entries: number === undefined || hits.isPending ? [] : doings.dial(number) },
  ]
  return (
    // What the server finds need not contain the text, so the list is filtered here and not by the field.
    <Autocomplete inputValue={text} onInputChange={setText}>
      <TextField aria-label={t('palette.title')} autoFocus className="flex items-center gap-2 border-b border-line px-4">
        <Search size={18} aria-hidden className="shrink-0 text-ink-3" />
        <Input placeholder={t('palette.placeholder')} className="h-12 min-w-0 flex-1 bg-transparent text-lg outline-none" data-testid="palette-text" />
      </TextField>
      <Results groups={groups} onClose={onClose}>
        {hits.problem ? problemText(hits.problem) : hits.isPending ? t('palette.searching') : t('palette.nothing', { text: text.trim() })}
      </Results>
    </Autocomplete>
  )
}

/** What was found, in groups; `children` is said when that is nothing. */
function Results({ groups, onClose, children }: { groups: readonly Group[]; onClose: () => void; children: string }) {
  const { t } = useTexts('app')
  return (
    // Tab reaches the list, so that it can be scrolled without a mouse; the arrows choose from the field.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable
    <div role="group" aria-label={t('palette.results')} tabIndex={0} className="max-h-[56vh] overflow-auto outline-offset-[-2px]">
      <AriaMenu
        aria-label={t('palette.results')}
        className="p-1 outline-none"
        renderEmptyState={() => (
          <p role="status" className="p-4 text-center text-ink-2">
            {children}
          </p>
        )}
      >
        {groups.map(
          ({ key, entries }) =>
            entries.length > 0 && (
              <MenuSection key={key} title={t(`palette.group.${key}`)}>
                {entries.map((entry) => (
                  <MenuItem
                    key={entry.id}
                    id={entry.id}
                    textValue={entry.title}
                    data-testid={`palette-${entry.id}`}
                    onAction={() => {
                      onClose()
                      entry.run()
                    }}
                  >
                    <entry.icon size={16} aria-hidden className="shrink-0 text-ink-3" />
                    <span className="min-w-0 flex-1 truncate">{entry.title}</span>
                    {entry.detail !== undefined && <span className="max-w-1/2 shrink-0 truncate text-xs text-ink-3">{entry.detail}</span>}
                  </MenuItem>
                ))}
              </MenuSection>
            ),
        )}
      </AriaMenu>
    </div>
  )
}
