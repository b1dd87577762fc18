// Renders images of the robot's camera, on demand, in Gazebo's rendering thread.
#ifndef JEPA_MPC_STUDIO_HH_
#define JEPA_MPC_STUDIO_HH_

#include <gazebo/common/Events.hh>
#include <gazebo/sensors/sensors.hh>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "arm.hh"

namespace jepa_mpc
{
struct Image
{
  std::uint32_t width;
  std::uint32_t height;
  /// RGB, rows without padding.
  std::vector<std::uint8_t> pixels;
};

class Studio
{
public:
  using OnFrame = std::function<void(gazebo::common::Time, const Image &)>;

  explicit Studio(std::string cameraName);

  /// An image with the links shown at `shown`; afterwards they are shown at `actual` again. Throws std::runtime_error.
  Image render(const LinkPoses &shown, const LinkPoses &actual);

  /// Starts the camera at its own rate. `onFrame` receives each image, in the rendering thread.
  void stream(OnFrame onFrame);

private:
  struct Job
  {
    LinkPoses shown;
    LinkPoses actual;
  };

  void onRender();
  void show(const LinkPoses &poses);
  Image take();

  const std::string cameraName_;
  gazebo::sensors::CameraSensorPtr sensor_;
  gazebo::event::ConnectionPtr rendering_;
  gazebo::event::ConnectionPtr frames_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> job_;
  std::optional<Image> taken_;
  OnFrame onFrame_;
  bool isPosing_ = false;
};
}  // namespace jepa_mpc

#endif
