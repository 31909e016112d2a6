/** A place to stand in. */
export interface Room {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** The id of the room behind each way out. */
  readonly exits: ReadonlyMap<string, string>;
}

/** A world, with the room where characters begin as its first. */
export interface World {
  readonly id: string;
  readonly name: string;
  readonly rooms: readonly Room[];
}

export const WORLDS: readonly World[] = [
  {
    id: 'willowmere',
    name: 'Willowmere',
    rooms: [
      {
        id: 'square',
        title: 'The village square',
        text: 'A well, a bench, and a lamp that is lit even at noon.',
        exits: new Map([
          ['north', 'inn'],
          ['east', 'pier'],
        ]),
      },
      {
        id: 'inn',
        title: 'The Patient Heron',
        text: 'An inn of low beams. Somebody has left a chess game half played.',
        exits: new Map([['south', 'square']]),
      },
      {
        id: 'pier',
        title: 'The end of the pier',
        text: 'Grey planks, and a lake so still that it might be listening.',
        exits: new Map([['west', 'square']]),
      },
    ],
  },
  {
    id: 'skyhold',
    name: 'Skyhold',
    rooms: [
      {
        id: 'dock',
        title: 'The airship dock',
        text: 'Ropes creak. Below the railing there is only weather.',
        exits: new Map([['up', 'lamp']]),
      },
      {
        id: 'lamp',
        title: 'The lamp room',
        text: 'A great lens turns slowly, and the clouds blush each time it passes.',
        exits: new Map([['down', 'dock']]),
      },
    ],
  },
];

/** The world with this id; `null` if it was never built. */
export function findWorld(worldId: string): World | null {
  return WORLDS.find((world) => world.id === worldId) ?? null;
}
