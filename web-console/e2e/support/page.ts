// What stories do and measure in a page.
import { expect, type Browser, type Page } from '@playwright/test'
import type { Centre } from './centre'
import { sharesOf, type Pitch } from './pitch'

/** Signs in and waits until the console is synchronised. */
export async function signIn(page: Page, centre: Centre, user: string, password = centre.password(user)): Promise<void> {
  await rawMicrophone(page)
  await page.goto(`${centre.http}/login`)
  await page.getByTestId('sign-in-user').fill(user)
  await page.getByTestId('sign-in-password').fill(password)
  await page.getByTestId('sign-in-submit').click()
  await isLive(page)
}

/** A page of its own for somebody else, signed in. */
export async function anotherPage(browser: Browser, centre: Centre, user: string, before: (page: Page) => Promise<void> = async () => {}): Promise<Page> {
  const context = await browser.newContext({ permissions: ['microphone'] })
  const page = await context.newPage()
  await before(page)
  await signIn(page, centre, user)
  return page
}

export async function isLive(page: Page): Promise<void> {
  await expect(page.locator('body')).toHaveAttribute('data-live', 'up', { timeout: 30_000 })
}

/** Starts the shift: microphone, audio to the server, ready. */
export async function startShift(page: Page): Promise<void> {
  await page.getByTestId('presence').click()
  await page.getByTestId('presence-ready').click()
  await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
}

/** Noise suppression takes a steady tone for noise, so stories that measure one ask for the sound as it is. */
export async function rawMicrophone(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const devices = navigator.mediaDevices
    const open = devices.getUserMedia.bind(devices)
    devices.getUserMedia = (wanted) => open({ ...wanted, audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 } })
  })
}

/** The strongest pitch that the loudspeaker of the page plays within a second. */
export async function heardIn(page: Page): Promise<Pitch> {
  return page.evaluate(async () => {
    const player = document.getElementById('remote-audio') as HTMLAudioElement | null
    const stream = player?.srcObject
    if (!(stream instanceof MediaStream)) return { hertz: 0, share: 0, level: 0 }
    const context = new AudioContext()
    try {
      const analyser = new AnalyserNode(context, { fftSize: 32_768, smoothingTimeConstant: 0 })
      context.createMediaStreamSource(stream).connect(analyser)
      await context.resume()
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      const bins = new Float32Array(analyser.frequencyBinCount)
      analyser.getFloatFrequencyData(bins)
      const powers = Array.from(bins, (decibels) => 10 ** (decibels / 10))
      const total = powers.reduce((sum, power) => sum + power, 0)
      let peak = 0
      for (let i = 0; i < powers.length; i++) if ((powers[i] ?? 0) > (powers[peak] ?? 0)) peak = i
      // The window of the analyser spreads a pure tone over a few bins.
      const around = powers.slice(Math.max(0, peak - 4), peak + 5).reduce((sum, power) => sum + power, 0)
      const samples = new Float32Array(analyser.fftSize)
      analyser.getFloatTimeDomainData(samples)
      const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
      return { hertz: (peak * context.sampleRate) / analyser.fftSize, share: total > 0 ? around / total : 0, level }
    } finally {
      await context.close()
    }
  })
}

/** How much of what the loudspeaker of the page plays for most of a second lies at each of these pitches. */
export async function sharesIn(page: Page, pitches: readonly number[]): Promise<number[]> {
  const { samples, rate } = await page.evaluate(async () => {
    const player = document.getElementById('remote-audio') as HTMLAudioElement | null
    const stream = player?.srcObject
    if (!(stream instanceof MediaStream)) return { samples: [], rate: 1 }
    const context = new AudioContext()
    try {
      const analyser = new AnalyserNode(context, { fftSize: 32_768 })
      context.createMediaStreamSource(stream).connect(analyser)
      await context.resume()
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      const sound = new Float32Array(analyser.fftSize)
      analyser.getFloatTimeDomainData(sound)
      return { samples: [...sound], rate: context.sampleRate }
    } finally {
      await context.close()
    }
  })
  return sharesOf(Float32Array.from(samples), rate, pitches)
}

/** Waits until these pitches are heard, each for a good part of the sound, and not one of the others. */
export async function expectTones(listen: (pitches: readonly number[]) => Promise<number[]>, heard: readonly number[], others: readonly number[]): Promise<void> {
  let last: number[] = []
  await expect
    .poll(
      async () => {
        last = await listen([...heard, ...others])
        return last.every((share, index) => (index < heard.length ? share > 0.1 : share < 0.01))
      },
      { message: `${heard.join(' and ')} Hz without ${others.join(' or ')} Hz`, timeout: 20_000 },
    )
    .toBe(true)
    .catch((error: unknown) => {
      throw new Error(`expected ${heard.join(', ')} Hz and not ${others.join(', ')} Hz, heard shares of ${last.join(', ')}`, { cause: error })
    })
}

/** A microphone that sings another note than the usual one. */
export async function microphoneAt(page: Page, hertz: number): Promise<void> {
  await page.addInitScript((frequency) => {
    navigator.mediaDevices.getUserMedia = async () => {
      const context = new AudioContext()
      const note = new OscillatorNode(context, { frequency })
      const out = new MediaStreamAudioDestinationNode(context)
      note.connect(new GainNode(context, { gain: 0.25 })).connect(out)
      note.start()
      await context.resume()
      return out.stream
    }
  }, hertz)
}

/** Waits until this pitch, and hardly anything else, is heard: within 2 %. */
export async function expectPitch(listen: () => Promise<Pitch>, hertz: number): Promise<Pitch> {
  let last: Pitch = { hertz: 0, share: 0, level: 0 }
  await expect
    .poll(
      async () => {
        last = await listen()
        return Math.abs(last.hertz - hertz) <= hertz * 0.02 && last.share > 0.5 && last.level > 0.005
      },
      { message: `${hertz} Hz`, timeout: 20_000 },
    )
    .toBe(true)
    .catch((error: unknown) => {
      throw new Error(`expected ${hertz} Hz, heard ${JSON.stringify(last)}`, { cause: error })
    })
  return last
}
