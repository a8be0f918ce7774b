// What menus and panels show while they are open. overlay.tsx loads it and opens it.
import { useRef, type ReactNode, type RefObject } from 'react'
import { Dialog, Header, Menu, MenuItem as AriaMenuItem, MenuSection as AriaMenuSection, Popover, type MenuItemProps, type PopoverProps } from 'react-aria-components'
import { Dot } from './badge'
import { ITEM, POPOVER } from './classes'
import { cx } from './cx'
import type { MenuFocus, MenuPart } from './overlay'

interface BodyProps {
  id: string
  /** What opened it, and what it stands at. */
  button: RefObject<HTMLButtonElement | null>
  label: string
  placement: PopoverProps['placement']
  onClose: () => void
}

export function MenuBody({ id, button, label, parts, placement, focus, onClose }: BodyProps & { parts: readonly MenuPart[]; focus: MenuFocus }) {
  const list = useRef<HTMLDivElement>(null)
  return (
    <Popover triggerRef={button} scrollRef={list} isOpen onOpenChange={onClose} offset={4} placement={placement} className={cx(POPOVER, 'min-w-52')}>
      <Menu ref={list} id={id} aria-label={label} autoFocus={focus} onClose={onClose} className="max-h-[70vh] overflow-auto p-1 outline-none">
        {parts.map(({ title, entries }) => (
          <MenuSection key={title} title={title}>
            {entries.map(({ text, dot, testId, ...leads }) => (
              <MenuItem key={testId ?? text} {...leads} textValue={text} data-testid={testId}>
                {dot && <Dot tone={dot} />}
                {text}
              </MenuItem>
            ))}
          </MenuSection>
        ))}
      </Menu>
    </Popover>
  )
}

export function MenuItem({ className, ...rest }: Omit<MenuItemProps, 'className' | 'style'> & { className?: string; 'data-testid'?: string | undefined }) {
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

export function PanelBody({ id, button, label, placement, className, onClose, children }: BodyProps & { className: string | undefined; children: ReactNode }) {
  return (
    <Popover triggerRef={button} isOpen onOpenChange={onClose} offset={6} placement={placement} isNonModal className={cx(POPOVER, className)}>
      <Dialog id={id} aria-label={label} className="p-3 outline-none">
        {children}
      </Dialog>
    </Popover>
  )
}
