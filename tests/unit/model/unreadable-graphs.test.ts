import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { encodeModel, readModel } from '../../../packages/rollout-compiler/src/onnx/model-file.js';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  type ModelProto,
} from '../../../packages/rollout-compiler/src/onnx/onnx_pb.js';
import { loadModel } from '../../../src/model/load-model.js';
import { TinyModelCopy } from '../../fixtures/tiny-model.js';

describe('a graph that ONNX Runtime or the contract does not take', () => {
  let copy: TinyModelCopy;

  beforeEach(async () => {
    copy = await TinyModelCopy.create();
  });

  afterEach(async () => {
    await copy.remove();
  });

  async function changeEncoder(change: (model: ModelProto) => void): Promise<void> {
    await copy.changeFile('encoder.onnx', (bytes) => {
      const model = readModel(bytes, 'encoder.onnx');
      change(model);
      return encodeModel(model);
    });
  }

  async function remedy(): Promise<string> {
    const error: unknown = await loadModel(copy.folder, { device: 'cpu' }).catch((caught: unknown) => caught);
    if (!(error instanceof JepaMpcError)) throw new TypeError(`not refused: ${String(error)}`);
    return error.facts.remedy;
  }

  const setIrVersion = (irVersion: bigint): Promise<void> =>
    changeEncoder((model) => {
      model.irVersion = irVersion;
    });

  const setOpset = (version: bigint): Promise<void> =>
    changeEncoder(({ opsetImport }) => {
      for (const opset of opsetImport) opset.version = version;
    });

  it('of a newer IR version, says which one to write, and is loaded with that', async () => {
    await setIrVersion(99n);
    const [, version = ''] = /model\.ir_version = (\d+)/.exec(await remedy()) ?? [];
    await setIrVersion(BigInt(version));
    await (await loadModel(copy.folder, { device: 'cpu' })).dispose();
  });

  it('of a newer opset, says which one to write, and is loaded with that', async () => {
    await setOpset(99n);
    const [, version = ''] = /opset_version=(\d+)/.exec(await remedy()) ?? [];
    await setOpset(BigInt(version));
    await (await loadModel(copy.folder, { device: 'cpu' })).dispose();
  });

  it('with inputs of another type, asks for float32', async () => {
    await changeEncoder(({ graph }) => {
      const [input] = graph?.input ?? [];
      const [node] = graph?.node ?? [];
      if (input?.type?.value.case !== 'tensorType' || node === undefined)
        throw new TypeError('another graph');
      input.type.value.value.elemType = TensorProto_DataType.FLOAT16;
      const to = create(AttributeProtoSchema, {
        name: 'to',
        type: AttributeProto_AttributeType.INT,
        i: BigInt(TensorProto_DataType.FLOAT),
      });
      graph?.node.unshift(
        create(NodeProtoSchema, { opType: 'Cast', input: [input.name], output: ['wide'], attribute: [to] }),
      );
      for (const { input: names } of graph?.node.slice(1) ?? [])
        for (const [index, name] of names.entries()) if (name === input.name) names[index] = 'wide';
    });
    expect(await remedy()).toContain('Export it with inputs and outputs of float32');
  });

  it('for one batch size, asks for a dynamic axis', async () => {
    await changeEncoder(({ graph }) => {
      for (const { type } of graph?.input ?? []) {
        const [batch] = type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
        if (batch !== undefined) batch.value = { case: 'dimValue', value: 4n };
      }
    });
    expect(await remedy()).toContain('dynamic first axis');
  });

  it('with an operator of another library, says so', async () => {
    await changeEncoder((model) => {
      const [node] = model.graph?.node ?? [];
      if (node !== undefined) node.opType = 'NoSuchOperator';
    });
    expect(await remedy()).toContain('operators of ONNX alone');
  });
});
