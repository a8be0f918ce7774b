import type { ReactNode } from 'react'
import { Tab as AriaTab, TabList, TabPanel as AriaTabPanel, Tabs as AriaTabs } from 'react-aria-components'
import { cx } from './cx'

export interface TabSpec {
  id: string
  title: ReactNode
  content: ReactNode
}

/** Tabs over one region. */
export function Tabs({ label, tabs, selected, onSelect, className }: { label: string; tabs: readonly TabSpec[]; selected?: string; onSelect?: (id: string) => void; className?: string }) {
  return (
    <AriaTabs
      {...(selected === undefined ? {} : { selectedKey: selected })}
      {...(onSelect ? { onSelectionChange: (key) => onSelect(String(key)) } : {})}
      className={cx('flex min-h-0 flex-col', className)}
    >
      <TabList aria-label={label} className="flex shrink-0 gap-1 overflow-x-auto border-b border-line px-2">
        {tabs.map((tab) => (
          <AriaTab
            key={tab.id}
            id={tab.id}
            className="flex h-9 cursor-pointer items-center gap-1.5 border-b-2 border-transparent px-2 font-medium whitespace-nowrap text-ink-2 outline-offset-[-2px] hover:text-ink data-selected:border-accent data-selected:text-ink"
          >
            {tab.title}
          </AriaTab>
        ))}
      </TabList>
      {tabs.map((tab) => (
        <AriaTabPanel key={tab.id} id={tab.id} className="min-h-0 flex-1 overflow-auto outline-offset-[-2px]">
          {tab.content}
        </AriaTabPanel>
      ))}
    </AriaTabs>
  )
}
