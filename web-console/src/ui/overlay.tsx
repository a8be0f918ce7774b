// What opens above the page: menus, popovers, dialogs. Focus goes back to where it came from when they close.
import { X } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import {
  Dialog as AriaDialog,
  DialogTrigger,
  Header,
  Heading,
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  MenuSection as AriaMenuSection,
  MenuTrigger,
  Modal,
  ModalOverlay,
  Popover as AriaPopover,
  Separator,
  type MenuItemProps,
  type PopoverProps,
} from 'react-aria-components'
import { IconButton } from './button'
import { cx } from './cx'
import { ITEM, POPOVER } from './select'

export function Menu({ trigger, label, children, placement = 'bottom start' }: { trigger: ReactElement; label: string; children: ReactNode; placement?: PopoverProps['placement'] }) {
  return (
    <MenuTrigger>
      {trigger}
      <AriaPopover offset={4} placement={placement} className={cx(POPOVER, 'min-w-52')}>
        <AriaMenu aria-label={label} className="max-h-[70vh] overflow-auto p-1 outline-none">
          {children}
        </AriaMenu>
      </AriaPopover>
    </MenuTrigger>
  )
}

export function MenuItem({ className, ...rest }: Omit<MenuItemProps, 'className' | 'style'> & { className?: string; 'data-testid'?: string }) {
  return <AriaMenuItem {...rest} className={cx(ITEM, className)} />
}

export function MenuSection({ title, children }: { title: string; children: ReactNode }) {
  return (
    <AriaMenuSection className="not-first:mt-1 not-first:border-t not-first:border-line not-first:pt-1">
      <Header className="px-2 py-1 text-xs text-ink-3">{title}</Header>
      {children}
    </AriaMenuSection>
  )
}

export function MenuLine() {
  return <Separator className="my-1 border-t border-line" />
}

/** A small panel at its trigger. It is not modal: with the keypad open one click still hangs up. `children` may be a function that gets `close`. */
export function PopoverPanel({
  trigger,
  label,
  children,
  placement = 'bottom',
  className,
  isOpen,
  onOpenChange,
}: {
  trigger: ReactElement
  label: string
  children: ReactNode | ((close: () => void) => ReactNode)
  placement?: PopoverProps['placement']
  className?: string
  isOpen?: boolean
  onOpenChange?: (isOpen: boolean) => void
}) {
  return (
    <DialogTrigger {...(isOpen === undefined ? {} : { isOpen })} {...(onOpenChange ? { onOpenChange } : {})}>
      {trigger}
      <AriaPopover offset={6} placement={placement} isNonModal className={cx(POPOVER, className)}>
        <AriaDialog aria-label={label} className="p-3 outline-none">
          {({ close }) => (typeof children === 'function' ? children(close) : children)}
        </AriaDialog>
      </AriaPopover>
    </DialogTrigger>
  )
}

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
