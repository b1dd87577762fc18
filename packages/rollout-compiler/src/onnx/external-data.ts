import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { JepaMpcError } from '../../../../src/core/errors.js';
import { elementsOf, tensorsOf } from './model-file.js';
import {
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type ModelProto,
  type TensorProto,
} from './onnx_pb.js';

/** The compiler reads tensors of a model file up to this many elements; larger ones it passes on. */
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

/** Where the data of a tensor is. */
interface Place {
  /** As the model file has it, relative to its folder. */
  readonly location: string;
  /** Absolute, with links followed. */
  readonly path: string;
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
}

/** Whether the data of a tensor is in another file. */
export function isExternal({ dataLocation, externalData }: TensorProto): boolean {
  return dataLocation === DataLocation.EXTERNAL || externalData.length > 0;
}

/**
 * Folder to which {@link ExternalData.pinDown} makes locations relative. ONNX Runtime follows links and refuses data outside the one folder
 * that it is given, and the files of one model may be in several.
 */
export const PINNED_TO = sep;

/**
 * Files that hold tensors of an ONNX file (`data_location: EXTERNAL`). Large tensors stay there: a compiled graph refers to them as its model
 * does, and ONNX Runtime maps them into memory. A model folder may come from anyone. So only files in the folder are read, or, if the ONNX
 * file is a link (as in the cache of a hub), files in the folder that the link leads to.
 */
export class ExternalData {
  readonly #folder: string;
  readonly #subject: string;
  /** Folder of the ONNX file, with links followed. */
  readonly #realFolder: string;

  /**
   * @param folder the folder of the ONNX file
   * @param subject what to call the ONNX file in an error
   * @param file path of the ONNX file; without it, links out of the folder are refused
   */
  constructor(folder: string, subject: string, file?: string) {
    this.#folder = folder;
    this.#subject = subject;
    this.#realFolder = file === undefined ? folder : dirname(realpathSync(file));
  }

  /** Path of a data file: in the folder, or, if it exists only there, next to the real ONNX file. Links are not followed. */
  find(location: string): string {
    const [inFolder, nextToFile] = [join(this.#folder, location), join(this.#realFolder, location)];
    return !existsSync(inFolder) && existsSync(nextToFile) ? nextToFile : inFolder;
  }

  /**
   * Checks every tensor whose data is in another file.
   *
   * @returns those files, relative to the folder
   * @throws JepaMpcError `model.missing-file` for a file that does not exist; `model.unreadable` for one outside the folder, or one that ends
   *   before the tensor does
   */
  check(model: ModelProto): ReadonlySet<string> {
    const files = new Set<string>();
    for (const { tensor } of tensorsOf(model.graph))
      if (isExternal(tensor)) files.add(this.#placeOf(tensor).location);
    return files;
  }

  /**
   * Reads small tensors, and those in attributes, into the model: the compiler needs their numbers, and ONNX Runtime needs shapes inside the
   * file.
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

  /**
   * Makes the locations of all data relative to {@link PINNED_TO}, with links followed.
   *
   * @throws JepaMpcError as `check`
   */
  pinDown(model: ModelProto): void {
    for (const { tensor } of tensorsOf(model.graph)) {
      if (!isExternal(tensor)) continue;
      const pinned = relative(PINNED_TO, this.#placeOf(tensor).path);
      for (const entry of tensor.externalData) if (entry.key === 'location') entry.value = pinned;
    }
  }

  /** The bytes of a tensor whose data is in another file, as `raw_data` would hold them. @throws JepaMpcError as `check` */
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

  /** The path with links followed, checked to be inside the folder. */
  #pathOf(tensor: TensorProto, location: string): string {
    const outside = (remedy: string): JepaMpcError =>
      this.#unreadable(tensor, `its data in "${location}"`, 'a file inside the model folder', remedy);
    if (location === '' || isAbsolute(location) || !isInside(this.#folder, resolve(this.#folder, location)))
      throw outside('Save the graph again with its data in a file in the same folder.');
    const path = this.find(location);
    let real: string;
    try {
      real = realpathSync(path);
    } catch (error) {
      throw new JepaMpcError('model.missing-file', {
        subject: path,
        found: error instanceof Error ? error.message : String(error),
        expected: `the data of tensor ${tensor.name} of ${this.#subject}`,
        remedy: 'Copy the whole model folder again, including the data files of its ONNX files.',
        cause: error,
      });
    }
    const homes = [this.#folder, this.#realFolder].map((folder) => realpathSync(folder));
    if (!homes.some((home) => isInside(home, real)))
      throw outside('Put the file itself there instead of a link: cp -rL copies a folder that way.');
    return real;
  }

  #unreadable(
    { name }: TensorProto,
    found: string,
    expected: string,
    remedy = 'Copy the model folder again; if that does not help, export it again.',
  ): JepaMpcError {
    return new JepaMpcError('model.unreadable', {
      subject: `tensor ${name} of ${this.#subject}`,
      found,
      expected,
      remedy,
    });
  }
}

function isInside(folder: string, path: string): boolean {
  const inner = relative(folder, path);
  return inner !== '' && inner !== '..' && !inner.startsWith(`..${sep}`) && !isAbsolute(inner);
}
