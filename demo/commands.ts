import { play, quit } from './entrance.ts';
import { look, move, say, who } from './game-commands.ts';
import type { Game } from './game.ts';
import type { Player } from './player.ts';
import { close, everybody, hide, kick, open, sessions, show, token } from './session-commands.ts';
import { cleanLine } from './words.ts';

type Command = (game: Game, player: Player, rest: string) => Promise<void> | void;

const COMMANDS = new Map<string, Command>([
  ['play', play],
  ['look', look],
  ['say', say],
  ['move', move],
  ['who', who],
  ['sessions', sessions],
  ['token', token],
  ['everybody', everybody],
  ['kick', kick],
  ['hide', hide],
  ['show', show],
  ['close', close],
  ['open', open],
  ['quit', quit],
  ['help', help],
]);

const WAYS = ['north', 'east', 'south', 'west', 'up', 'down'];

const SHORTCUTS = new Map([
  ['l', 'look'],
  ['go', 'move'],
  ...WAYS.map((way) => [way, `move ${way}`] as const),
  ...WAYS.map((way) => [way.slice(0, 1), `move ${way}`] as const),
]);

const HELP = `\
play <name>      choose a character       look, who        see what and who is here
say <words>      talk to the room         move <way>       or just: north, n
sessions         where you are logged in  token            to resume this session later
quit             ends the session; hanging up does not
For staff: everybody, kick <who>, hide, show, close <message>, open`;

/** Does what a line asks for. Every command asks the library first whether the session may. */
export async function handleLine(game: Game, player: Player, line: string): Promise<void> {
  const [, typed = '', rest = ''] = /^(\S*)\s*(.*)$/u.exec(cleanLine(line)) ?? [];
  if (typed === '' || player.isClosed) return;

  const word = typed.toLowerCase();
  const shortcut = SHORTCUTS.get(word) ?? word;
  const [name = '', way = rest] = shortcut.split(' ');
  const command = COMMANDS.get(name);
  // The line itself is not repeated: it may have been meant as a password, or a token.
  if (command === undefined) return player.print('I do not know that word. Try: help');

  try {
    await command(game, player, way);
  } catch (error) {
    player.explain(error);
  }
}

function help(_game: Game, player: Player): void {
  player.print(HELP);
}
