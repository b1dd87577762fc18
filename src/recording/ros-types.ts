import { messageType } from './ros-message.js';

/* The messages of ROS that a recording contains, field by field as in their .msg files. tests/ros/test_recording.py compares the two. */

const HEADER = messageType('std_msgs/msg/Header', { stamp: 'time', frame_id: 'string' });

export const STRING = messageType('std_msgs/msg/String', { data: 'string' });

export const IMAGE = messageType('sensor_msgs/msg/Image', {
  header: HEADER,
  height: 'uint32',
  width: 'uint32',
  encoding: 'string',
  is_bigendian: 'uint8',
  step: 'uint32',
  data: 'uint8[]',
});

export const COMPRESSED_IMAGE = messageType('sensor_msgs/msg/CompressedImage', {
  header: HEADER,
  format: 'string',
  data: 'uint8[]',
});

export const JOINT_STATE = messageType('sensor_msgs/msg/JointState', {
  header: HEADER,
  name: 'string[]',
  position: 'float64[]',
  velocity: 'float64[]',
  effort: 'float64[]',
});

const JOINT_TRAJECTORY_POINT = messageType('trajectory_msgs/msg/JointTrajectoryPoint', {
  positions: 'float64[]',
  velocities: 'float64[]',
  accelerations: 'float64[]',
  effort: 'float64[]',
  time_from_start: 'duration',
});

export const JOINT_TRAJECTORY = messageType('trajectory_msgs/msg/JointTrajectory', {
  header: HEADER,
  joint_names: 'string[]',
  points: [JOINT_TRAJECTORY_POINT],
});

const MULTI_ARRAY_DIMENSION = messageType('std_msgs/msg/MultiArrayDimension', {
  label: 'string',
  size: 'uint32',
  stride: 'uint32',
});

const MULTI_ARRAY_LAYOUT = messageType('std_msgs/msg/MultiArrayLayout', {
  dim: [MULTI_ARRAY_DIMENSION],
  data_offset: 'uint32',
});

export const FLOAT64_MULTI_ARRAY = messageType('std_msgs/msg/Float64MultiArray', {
  layout: MULTI_ARRAY_LAYOUT,
  data: 'float64[]',
});

const KEY_VALUE = messageType('diagnostic_msgs/msg/KeyValue', { key: 'string', value: 'string' });

const DIAGNOSTIC_STATUS = messageType('diagnostic_msgs/msg/DiagnosticStatus', {
  level: 'byte',
  name: 'string',
  message: 'string',
  hardware_id: 'string',
  values: [KEY_VALUE],
});

export const DIAGNOSTIC_ARRAY = messageType('diagnostic_msgs/msg/DiagnosticArray', {
  header: HEADER,
  status: [DIAGNOSTIC_STATUS],
});

export const PARAMETER_VALUE = messageType('rcl_interfaces/msg/ParameterValue', {
  type: 'uint8',
  bool_value: 'bool',
  integer_value: 'int64',
  double_value: 'float64',
  string_value: 'string',
  byte_array_value: 'byte[]',
  bool_array_value: 'bool[]',
  integer_array_value: 'int64[]',
  double_array_value: 'float64[]',
  string_array_value: 'string[]',
});

const PARAMETER = messageType('rcl_interfaces/msg/Parameter', { name: 'string', value: PARAMETER_VALUE });

export const PARAMETER_EVENT = messageType('rcl_interfaces/msg/ParameterEvent', {
  stamp: 'time',
  node: 'string',
  new_parameters: [PARAMETER],
  changed_parameters: [PARAMETER],
  deleted_parameters: [PARAMETER],
});

export const LOG = messageType('rcl_interfaces/msg/Log', {
  stamp: 'time',
  level: 'uint8',
  name: 'string',
  msg: 'string',
  file: 'string',
  function: 'string',
  line: 'uint32',
});
