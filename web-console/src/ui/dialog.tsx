// A dialog over the page. Focus goes back to where it came from when it closes.
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { IconButton } from './button'
import { cx } from './cx'

export interface DialogProps {
  title: string
  isOpen: boolean
  onClose: () => void
  closeLabel: string
  children: ReactNode
  /** Buttons, the main one last. */
  footer?: ReactNode
  width?: 'sm' | 'md' | 'lg'
}

export function Dialog({ title, isOpen, onClose, closeLabel, children, footer, width = 'md' }: DialogProps) {
  const widths = { sm: 'max-w-md', md: 'max-w-xl', lg: 'max-w-4xl' }
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable
      className="fixed inset-0 z-30 flex items-start justify-center overflow-auto bg-shade p-4 pt-[10vh]"
    >
      <Modal className={cx('w-full rounded-lg bg-surface shadow-pop outline-none', widths[width])}>
        <AriaDialog className="flex max-h-[80vh] flex-col outline-none">
          <header className="flex items-center gap-2 border-b border-line px-4 py-2">
            <Heading slot="title" className="flex-1 text-lg">
              {title}
            </Heading>
            <IconButton icon={X} label={closeLabel} size="sm" onPress={onClose} />
          </header>
          <div className="min-h-0 flex-1 overflow-auto p-4">{children}</div>
          {footer !== undefined && <footer className="flex justify-end gap-2 border-t border-line px-4 py-3">{footer}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
