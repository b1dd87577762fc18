/** The fields of sensor_msgs/CameraInfo that say how large the image is. */
export interface CameraInfoSizes {
  readonly width: number;
  readonly height: number;
  readonly binning_x: number;
  readonly binning_y: number;
  readonly roi: { readonly width: number; readonly height: number };
}

/** Size of an image, pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Where image_transport expects the camera_info of an image topic: beside it. */
export function cameraInfoTopic(imageTopic: string): string {
  return imageTopic.replace(/[^/]*$/, 'camera_info');
}

/** Size that the images of a camera_info have: its region of interest, else the whole, after binning. A binning of 0 is none. */
export function imageSizeOf({ width, height, binning_x, binning_y, roi }: CameraInfoSizes): ImageSize {
  return {
    width: Math.floor((roi.width || width) / (binning_x || 1)),
    height: Math.floor((roi.height || height) / (binning_y || 1)),
  };
}
