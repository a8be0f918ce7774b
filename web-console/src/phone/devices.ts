// Microphone, headset and ringer: what there is and what the agent chose. Choices are remembered in this browser.
import { readSetting, writeSetting } from '@/lib/storage'

export type DeviceUse = 'microphone' | 'speaker' | 'ringer'

export interface DeviceChoice {
  id: string
  label: string
}

/** Echo cancelling and the like are for rooms and headsets alike; a browser that lacks one ignores it. */
const PROCESSING: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }

export function chosenDevice(use: DeviceUse): string {
  return readSetting(`device.${use}`) ?? ''
}

export function chooseDevice(use: DeviceUse, id: string): void {
  writeSetting(`device.${use}`, id === '' ? null : id)
}

/** The chosen microphone, or the default one when it is gone. */
export async function openMicrophone(): Promise<MediaStream> {
  if (!('mediaDevices' in navigator)) {
    const error = new Error('microphones need a secure page')
    error.name = 'InsecureContext'
    throw error
  }
  const id = chosenDevice('microphone')
  if (id !== '') {
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: { ...PROCESSING, deviceId: { exact: id } } })
    } catch (error) {
      if (!(error instanceof DOMException) || !['NotFoundError', 'OverconstrainedError'].includes(error.name)) throw error
    }
  }
  return navigator.mediaDevices.getUserMedia({ audio: PROCESSING })
}

export async function listDevices(kind: 'audioinput' | 'audiooutput'): Promise<DeviceChoice[]> {
  if (!('mediaDevices' in navigator)) return []
  const all = await navigator.mediaDevices.enumerateDevices()
  return all.filter((device) => device.kind === kind && device.deviceId !== '').map((device) => ({ id: device.deviceId, label: device.label }))
}

export function onDevicesChanged(listener: () => void): () => void {
  if (!('mediaDevices' in navigator)) return () => {}
  navigator.mediaDevices.addEventListener('devicechange', listener)
  return () => navigator.mediaDevices.removeEventListener('devicechange', listener)
}

/** Sends an element's sound to a device; browsers without the choice keep the default. */
export async function sendSoundTo(element: HTMLAudioElement, id: string): Promise<void> {
  const withSink = element as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }
  await withSink.setSinkId?.(id).catch(() => {})
}
