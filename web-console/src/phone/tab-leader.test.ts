import { expect, test } from 'vitest'
import { TabLeader, type Leadership, type LockWorld } from './tab-leader'

/** Web Locks as the standard has them: one holder, a queue, stealing. */
class FakeLocks implements LockWorld {
  private holder: { reject: (error: Error) => void } | undefined
  private readonly queue: Array<() => void> = []

  request(_: string, options: { steal?: boolean; signal?: AbortSignal }, held: () => Promise<void>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const grant = () => {
        const me = { reject }
        this.holder = me
        void held().then(() => {
          if (this.holder === me) {
            this.holder = undefined
            this.queue.shift()?.()
          }
          resolve(undefined)
        })
      }
      options.signal?.addEventListener('abort', () => reject(new Error('aborted')))
      if (options.steal) {
        this.holder?.reject(new Error('stolen'))
        grant()
      } else if (this.holder) this.queue.push(grant)
      else grant()
    })
  }
}

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

function tab(locks: LockWorld): { leader: TabLeader; seen: Leadership[] } {
  const seen: Leadership[] = []
  return { leader: new TabLeader(locks, 'softphone', (leadership) => seen.push(leadership)), seen }
}

test('one tab leads; the next one follows when it closes', async () => {
  const locks = new FakeLocks()
  const [one, two] = [tab(locks), tab(locks)]
  one.leader.start()
  two.leader.start()
  await settle()
  expect([one.seen, two.seen]).toEqual([['leader'], []])
  one.leader.stop()
  await settle()
  expect(two.seen).toEqual(['leader'])
})

test('"use it here" takes the lead, and the other tab knows', async () => {
  const locks = new FakeLocks()
  const [one, two] = [tab(locks), tab(locks)]
  one.leader.start()
  two.leader.start()
  await settle()
  two.leader.steal()
  await settle()
  expect(one.seen).toEqual(['leader', 'waiting'])
  expect(two.seen).toEqual(['leader'])
})
