/** Which node is selected, and whether its details are open. */
import { useState } from 'react';

export type Selection = {
  selected: string | null;
  isOpen: boolean;
  select: (id: string | null) => void;
  /** Select a node and open its details. */
  open: (id: string) => void;
  close: () => void;
};

export function useSelection(): Selection {
  const [selected, select] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const open = (id: string) => {
    select(id);
    setOpen(true);
  };
  return { selected, isOpen, select, open, close: () => setOpen(false) };
}
