import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';

import { JepaMpcError } from '../../core/errors.js';
import { elementsOf, tensorsOf } from './graph-tensors.js';
import {
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type ModelProto,
  type TensorProto,
} from './onnx/onnx_pb.js';

/** Tensors of a model file up to this many elements are looked into when it is compiled. */
export const SMALL_ELEMENTS = 1 << 16;

/** Bytes of an element, for types whose elements are whole bytes. */
const ELEMENT_BYTES: ReadonlyMap<number, number> = new Map([
  [DataType.BOOL, 1],
  [DataType.INT8, 1],
  [DataType.UINT8, 1],
  [DataType.FLOAT16, 2],
  [DataType.BFLOAT16, 2],
  [DataType.INT16, 2],
  [DataType.UINT16, 2],
  [DataType.FLOAT, 4],
  [DataType.INT32, 4],
  [DataType.UINT32, 4],
  [DataType.DOUBLE, 8],
  [DataType.INT64, 8],
  [DataType.UINT64, 8],
]);

/** Where the data of a tensor lies. */
interface Place {
  /** As the model has it, relative to its folder. */
  readonly location: string;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Whether the data of a tensor lies in another file. */
export function isExternal({ dataLocation, externalData }: TensorProto): boolean {
  return dataLocation === DataLocation.EXTERNAL || externalData.length > 0;
}

/**
 * Files with tensors beside an ONNX file (`data_location: EXTERNAL`). Large ones stay there: a compiled graph refers to them as its model
 * does, and ONNX Runtime maps them into memory. A model folder may come from anyone, so nothing outside it is read.
 */
export class ExternalData {
  readonly #folder: string;
  readonly #subject: string;

  /**
   * @param folder that the ONNX file is in
   * @param subject what to call the ONNX file in an error
   */
  constructor(folder: string, subject: string) {
    this.#folder = folder;
    this.#subject = subject;
  }

  /**
   * Looks at every tensor whose data is elsewhere.
   *
   * @returns the files, by their names relative to the folder
   * @throws JepaMpcError `model.missing-file` for a file that is not there, `model.unreadable` for one outside the folder, or that ends before
   *   the tensor does
   */
  check(model: ModelProto): ReadonlySet<string> {
    const files = new Set<string>();
    for (const { tensor } of tensorsOf(model.graph))
      if (isExternal(tensor)) files.add(this.#placeOf(tensor).location);
    return files;
  }

  /**
   * Reads small tensors, and those in attributes, into the model: the compiler looks into them, and ONNX Runtime wants shapes inside.
   *
   * @throws JepaMpcError as `check`
   */
  takeInSmall(model: ModelProto): void {
    for (const { tensor, isAttribute } of tensorsOf(model.graph)) {
      if (!isExternal(tensor) || (!isAttribute && elementsOf(tensor) > SMALL_ELEMENTS)) continue;
      tensor.rawData = this.read(tensor);
      tensor.externalData = [];
      tensor.dataLocation = DataLocation.DEFAULT;
    }
  }

  /** The bytes of a tensor whose data is elsewhere, as `raw_data` would have them. @throws JepaMpcError as `check` */
  read(tensor: TensorProto): Uint8Array {
    const { path, offset, length } = this.#placeOf(tensor);
    const bytes = new Uint8Array(length);
    const file = openSync(path, 'r');
    try {
      for (let done = 0; done < length;) {
        const count = readSync(file, bytes, done, length - done, offset + done);
        if (count === 0)
          throw this.#unreadable(tensor, 'data that ends too early', `${String(length)} bytes`);
        done += count;
      }
    } finally {
      closeSync(file);
    }
    return bytes;
  }

  #placeOf(tensor: TensorProto): Place {
    const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
    const location = entries.get('location') ?? '';
    const path = this.#pathOf(tensor, location);
    const offset = Number(entries.get('offset') ?? 0);
    const elementBytes = ELEMENT_BYTES.get(tensor.dataType);
    const size = elementBytes === undefined ? undefined : elementsOf(tensor) * elementBytes;
    const length = Number(entries.get('length') ?? size ?? NaN);
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
      throw this.#unreadable(
        tensor,
        `offset ${String(offset)} and length ${String(length)}`,
        'numbers of bytes',
      );
    if (size !== undefined && length !== size)
      throw this.#unreadable(tensor, `${String(length)} bytes of data`, `${String(size)} for its shape`);
    const available = statSync(path).size;
    if (offset + length > available) {
      throw this.#unreadable(
        tensor,
        `${location} of ${String(available)} bytes`,
        `data at bytes ${String(offset)} to ${String(offset + length)}: the file is cut off`,
      );
    }
    return { location, path, offset, length };
  }

  /** Links are followed before it is told what lies inside the folder. */
  #pathOf(tensor: TensorProto, location: string): string {
    const outside = (): JepaMpcError =>
      this.#unreadable(tensor, `its data in "${location}"`, 'a file inside the model folder');
    const path = resolve(this.#folder, location);
    if (location === '' || isAbsolute(location) || !isInside(this.#folder, path)) throw outside();
    let real: string;
    try {
      real = realpathSync(path);
    } catch (error) {
      throw new JepaMpcError('model.missing-file', {
        subject: path,
        found: error instanceof Error ? error.message : String(error),
        expected: `the data of tensor ${tensor.name} of ${this.#subject}`,
        remedy: 'Copy the whole model folder again, the data files beside its ONNX files included.',
        cause: error,
      });
    }
    if (!isInside(realpathSync(this.#folder), real)) throw outside();
    return real;
  }

  #unreadable({ name }: TensorProto, found: string, expected: string): JepaMpcError {
    return new JepaMpcError('model.unreadable', {
      subject: `tensor ${name} of ${this.#subject}`,
      found,
      expected,
      remedy: 'Copy the model folder again; if that does not help, export it again.',
    });
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
